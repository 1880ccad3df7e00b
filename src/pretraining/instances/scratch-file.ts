import { open } from 'node:fs/promises';
import { withPath } from '../with-path.ts';

/** A temporary file of 32-bit words in this machine's byte order. Positions count words. */
export interface ScratchFile extends AsyncDisposable {
  read(words: Uint32Array, position: number): Promise<void>;
  write(words: Uint32Array, position: number): Promise<void>;
}

export async function openScratch(path: string, flags: 'r' | 'w'): Promise<ScratchFile> {
  const file = await open(path, flags);
  return {
    read: (words, position) => withPath(path, () => transfer(file.read.bind(file), words, position)),
    write: (words, position) => withPath(path, () => transfer(file.write.bind(file), words, position)),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

type Operation = (
  ...bytes: [Uint8Array, number, number, number]
) => Promise<{ readonly bytesRead?: number; readonly bytesWritten?: number }>;

/** The system may do less than it was asked: goes on until all is done. */
async function transfer(operation: Operation, words: Uint32Array, position: number): Promise<void> {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const result = await operation(bytes, done, bytes.length - done, 4 * position + done);
    const step = result.bytesRead ?? result.bytesWritten ?? 0;
    if (step === 0) throw new Error('a scratch file is shorter than what was written to it');
    done += step;
  }
}
