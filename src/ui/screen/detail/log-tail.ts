/** The last lines of a log that is being written. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export interface LogTail {
  /** The same array as before if nothing was written since. */
  read(): readonly string[];
}

const noLines: readonly string[] = [];

/** Reads the last `bytes` of the file anew whenever its size changes; one that is not there yet is empty. */
export function logTail(path: string | undefined, bytes: number): LogTail {
  let lines = noLines;
  let size = 0;
  return {
    read() {
      if (path === undefined) return lines;
      const end = readEnd(path, bytes, size);
      if (end) ({ lines, size } = end);
      return lines;
    },
  };
}

function readEnd(path: string, bytes: number, knownSize: number) {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    if (size === knownSize) return undefined;
    const from = Math.max(0, size - bytes);
    const end = Buffer.allocUnsafe(size - from);
    const read = readSync(file, end, 0, end.length, from);
    const lines = screenLines(end.toString('utf8', 0, read));
    return { lines: from > 0 ? lines.slice(1) : lines, size };
  } finally {
    closeSync(file);
  }
}

/** Lines as a terminal would leave them: what a carriage return overwrote is gone, and so are colours. */
function screenLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    const last = line.replace(/\r+$/, '');
    const shown = stripVTControlCharacters(last.slice(last.lastIndexOf('\r') + 1));
    return shown.replaceAll('\t', '    ').replace(/\p{Cc}/gu, '');
  });
}
