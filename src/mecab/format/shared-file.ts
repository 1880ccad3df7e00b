import { type FileHandle, open } from 'node:fs/promises';
import { DictionaryError } from './dictionary-error.ts';

const LARGEST = 2 ** 31 - 1;

/** The whole file in memory that worker threads can share. Throws DictionaryError if it is missing, unreadable or no plain file. */
export async function readSharedFile(file: string): Promise<SharedArrayBuffer> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new DictionaryError(file, error.code === 'ENOENT' ? 'no such file' : error.message);
  });
  try {
    return await readAll(handle, file);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, file: string): Promise<SharedArrayBuffer> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new DictionaryError(file, 'not a file');
  if (stat.size > LARGEST) throw new DictionaryError(file, `too large (${stat.size} bytes; at most ${LARGEST})`);
  const bytes = new Uint8Array(new SharedArrayBuffer(stat.size));
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
    if (bytesRead === 0) throw new DictionaryError(file, `ends after ${at} of ${bytes.length} bytes`);
    at += bytesRead;
  }
  return bytes.buffer as SharedArrayBuffer;
}
