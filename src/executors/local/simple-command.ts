/**
 * The words of a script that is one plain command: no expansion, operator, assignment or builtin. Such a command means the
 * same without a shell, as it does in a Makefile, which spares starting one. Undefined for any other script.
 */
export function simpleCommand(script: string): readonly string[] | undefined {
  const text = script.trim();
  if (!plainWords.test(text)) return undefined;
  const words = text
    .split(/ +(?=(?:[^']*'[^']*')*[^']*$)/)
    .map((word) => (word.startsWith("'") ? word.slice(1, -1) : word));
  const command = words[0]!;
  return command.includes('=') || shellWords.has(command) ? undefined : words;
}

const plainWords = /^(?:[\w./:,+@%=-]+|'[^']*')(?: +(?:[\w./:,+@%=-]+|'[^']*'))*$/;

/** Builtins and reserved words of bash that the pattern lets through. */
const shellWords = new Set(
  `. : alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs disown
  do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history if in
  jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source
  suspend test then time times trap true type typeset ulimit umask unalias unset until wait while`.split(/\s+/),
);
