/**
 * Is a script one plain command: no expansion, operator, assignment or builtin, but redirections perhaps? Then a shell has nothing to do
 * that `exec` before it would not do, which spares starting one, as make does.
 */
export function isSimpleCommand(script: string): boolean {
  const command = simpleCommand.exec(script.trim())?.[1]?.replaceAll("'", '');
  return command !== undefined && !/^-|=/.test(command) && !shellWords.has(command);
}

const word = String.raw`(?:[\w./:,+@%=-]+|'[^']*')`;
const redirection = `(?:(?:[12]?>>?|<) *${word}|[12]>&[12])`;
const simpleCommand = new RegExp(`^(${word})(?: +(?:${word}|${redirection}))*$`);

/** Builtins and reserved words of bash that the pattern lets through. */
const shellWords = new Set(
  `. : alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs disown
  do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history if in
  jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source
  suspend test then time times trap true type typeset ulimit umask unalias unset until wait while`.split(/\s+/),
);
