import { closeSync, openSync, writeSync } from 'node:fs';

/** A file that is being written, from its beginning or at any place. */
export interface FileSink {
  /** Where the next `append` goes. */
  readonly length: number;
  append(bytes: Uint8Array): void;
  writeAt(offset: number, bytes: Uint8Array): void;
  close(): void;
}

/** A new file (`wx`), or one that is there already (`r+`). */
export function openFileSink(path: string, flags: 'wx' | 'r+' = 'wx'): FileSink {
  const file = openSync(path, flags);
  let length = 0;
  let open = true;
  const writeAt = (offset: number, bytes: Uint8Array): void => {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(file, bytes, done, bytes.length - done, offset + done);
      }
    } catch (error) {
      // Node names no file here; who reads of a full disk wants to know.
      throw Object.assign(error as Error, { path });
    }
  };
  return {
    get length() {
      return length;
    },
    append(bytes) {
      writeAt(length, bytes);
      length += bytes.length;
    },
    writeAt,
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}
