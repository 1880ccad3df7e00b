import { closeSync, openSync, writeSync } from 'node:fs';
import { isDiskFull } from '../../store/store-error.ts';

/** A file that lines are appended to. What a full disk does not take is held until there is room, at the latest until `close`. */
export interface AppendLog {
  append(text: string): void;
  /** Throws what keeps the rest from being written. */
  close(): void;
}

export function openAppendLog(file: string): AppendLog {
  const descriptor = openSync(file, 'a');
  let held = Buffer.alloc(0);
  const write = () => {
    while (held.length > 0) held = held.subarray(writeSync(descriptor, held));
  };
  return {
    append(text) {
      held = Buffer.concat([held, Buffer.from(text)]);
      try {
        write();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
      }
    },
    close() {
      try {
        write();
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
