import { type Command, InvalidArgumentError } from 'commander';
import { print } from '../print.ts';
import { candidates } from './candidates.ts';

/** Each asks `kumiki completion words` for what may stand at the cursor; file names come from the shell itself. */
const scripts = {
  bash: `_kumiki() {
  local IFS=$'\\n'
  COMPREPLY=($(kumiki completion words "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -o nosort -F _kumiki kumiki
`,
  zsh: `#compdef kumiki
_kumiki() {
  local -a lines names shown
  lines=("\${(@f)$(kumiki completion words "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  names=("\${(@)lines%%$'\\t'*}")
  shown=("\${(@)lines//$'\\t'/  }")
  [[ -n "\${names[*]}" ]] && compadd -l -d shown -a names
  _files
}
compdef _kumiki kumiki
`,
  fish: `complete -c kumiki -a '(kumiki completion words (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
} as const;

export function define(command: Command): void {
  const shells = Object.keys(scripts);
  command
    .argument('<shell>', shells.join(', '), (shell) => {
      if (!shells.includes(shell)) throw new InvalidArgumentError(`It must be one of ${shells.join(', ')}.`);
      return shell as keyof typeof scripts;
    })
    .addHelpText(
      'after',
      '\nIn ~/.bashrc or ~/.zshrc: eval "$(kumiki completion bash)"; in fish: kumiki completion fish | source',
    )
    .action((shell: keyof typeof scripts) => print(scripts[shell]));
  command
    .command('words', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: readonly string[]) => {
      for (const { word, about } of await candidates(words)) print(about ? `${word}\t${about}` : word);
    });
}
