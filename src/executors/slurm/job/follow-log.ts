import { appendFileSync, closeSync, openSync, readSync } from 'node:fs';

const blockBytes = 64 * 1024;

/** Copies what a job appends to its log on the shared file system to the attempt's own log; `copy` takes what is new. */
export function followLog(from: string, to: string): { copy(): void } {
  let offset = 0;
  // A job that says nothing has a log too.
  closeSync(openSync(to, 'a'));
  return {
    copy() {
      let descriptor: number;
      try {
        descriptor = openSync(from, 'r');
      } catch {
        return;
      }
      try {
        const block = Buffer.alloc(blockBytes);
        for (let read = blockBytes; read === blockBytes; ) {
          read = readSync(descriptor, block, 0, blockBytes, offset);
          if (read > 0) appendFileSync(to, block.subarray(0, read));
          offset += read;
        }
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
