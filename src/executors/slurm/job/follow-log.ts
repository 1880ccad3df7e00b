import { appendFileSync, closeSync, openSync, readSync, statSync } from 'node:fs';

const blockBytes = 64 * 1024;

/** Copies what a job appends to its log on the shared file system to the attempt's own log; `copy` takes what is new. */
export function followLog(from: string, to: string): { copy(): void } {
  let offset = 0;
  // A job that says nothing has a log too.
  closeSync(openSync(to, 'a'));
  return {
    copy() {
      const size = statSync(from, { throwIfNoEntry: false })?.size ?? 0;
      if (size <= offset) return;
      const descriptor = openSync(from, 'r');
      try {
        const block = Buffer.alloc(Math.min(blockBytes, size - offset));
        while (offset < size) {
          const read = readSync(descriptor, block, 0, block.length, offset);
          if (read === 0) return;
          appendFileSync(to, block.subarray(0, read));
          offset += read;
        }
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
