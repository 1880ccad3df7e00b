import { closeSync, openSync, writeSync } from 'node:fs';

/** A file that lines are added to through a buffer. */
export interface LineFile {
  /** Room for a line of at most `capacity` bytes; written at `[at, …)`, it becomes part of the file by `advance`. */
  reserve(capacity: number): { readonly buffer: Uint8Array; readonly at: number };
  advance(to: number): void;
  close(): void;
}

export function createLineFile(path: string, bufferSize = 1 << 17): LineFile {
  const file = openSync(path, 'w');
  let buffer = new Uint8Array(bufferSize);
  let length = 0;

  function flush(): void {
    for (let at = 0; at < length; ) at += writeSync(file, buffer, at, length - at);
    length = 0;
  }

  return {
    reserve(capacity) {
      if (length + capacity > buffer.length) flush();
      if (capacity > buffer.length) buffer = new Uint8Array(2 * capacity);
      return { buffer, at: length };
    },
    advance(to) {
      length = to;
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
