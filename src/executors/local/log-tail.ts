import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Last lines of a log, at most `count` of them and 16 KiB; empty if there is no log. */
export function logTail(file: string, count = 20): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, 16_384));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString('utf8', 0, read).trimEnd();
    return text === '' ? [] : text.split('\n').slice(-count);
  } finally {
    closeSync(descriptor);
  }
}
