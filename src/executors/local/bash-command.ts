import { shellQuote } from '../../shell-quote.ts';
import { isSimpleCommand } from './simple-command.ts';

/** Longest script that is given as an argument: Linux allows 128 KiB for one. */
const longestArgument = 100_000;

/** A command of the shell, to be executed, that runs a stage's script; `write` keeps one that is too long for a command in a file, and returns its path. */
export function bashCommand(script: string, write: (script: string) => string): string {
  const isShort = Buffer.byteLength(script) < longestArgument;
  if (isShort && isSimpleCommand(script)) return script.trim();
  const words = isShort ? ['-c', script] : [write(script)];
  return ['bash', '-euo', 'pipefail', ...words].map(shellQuote).join(' ');
}
