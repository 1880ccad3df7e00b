import { closeSync, openSync, writeSync } from 'node:fs';

/** A file that lines are added to through a buffer. */
export interface LineFile {
  add(bytes: Uint8Array): void;
  /** Adds a line, and the line feed that it lacks. */
  addLine(line: Uint8Array): void;
  close(): void;
}

const lineFeed = 0x0a;

export function createLineFile(path: string, bufferSize = 1 << 17): LineFile {
  const file = openSync(path, 'w');
  let buffer = new Uint8Array(bufferSize);
  let length = 0;

  function flush(): void {
    for (let at = 0; at < length; ) at += writeSync(file, buffer, at, length - at);
    length = 0;
  }

  function makeRoom(size: number): void {
    if (length + size > buffer.length) flush();
    if (size > buffer.length) buffer = new Uint8Array(2 * size);
  }

  return {
    add(bytes) {
      makeRoom(bytes.length);
      buffer.set(bytes, length);
      length += bytes.length;
    },
    addLine(line) {
      makeRoom(line.length + 1);
      buffer.set(line, length);
      length += line.length;
      buffer[length++] = lineFeed;
    },
    close() {
      try {
        flush();
      } finally {
        closeSync(file);
      }
    },
  };
}
