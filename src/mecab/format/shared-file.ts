import { type FileHandle, open } from 'node:fs/promises';
import { DictionaryError } from './dictionary-error.ts';

const LARGEST = 2 ** 31 - 1;

/** A part of a file from its beginning on: its first `headBytes` bytes tell where it ends. */
export interface Part {
  readonly headBytes: number;
  end(file: SharedArrayBuffer): number;
}

/**
 * A file in memory that worker threads can share. Of a part, the rest has its addresses but takes no memory, and is zero.
 * Throws DictionaryError if the file is missing, unreadable or no plain file.
 */
export async function readSharedFile(file: string, part?: Part): Promise<SharedArrayBuffer> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new DictionaryError(file, error.code === 'ENOENT' ? 'no such file' : error.message);
  });
  try {
    return await readPart(handle, file, part);
  } finally {
    await handle.close();
  }
}

async function readPart(handle: FileHandle, file: string, part: Part | undefined): Promise<SharedArrayBuffer> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new DictionaryError(file, 'not a file');
  if (stat.size > LARGEST) throw new DictionaryError(file, `too large (${stat.size} bytes; at most ${LARGEST})`);
  const buffer = new SharedArrayBuffer(stat.size);
  const bytes = new Uint8Array(buffer);
  if (part !== undefined) await readFully(handle, file, bytes, Math.min(part.headBytes, stat.size));
  await readFully(handle, file, bytes, part === undefined ? stat.size : Math.min(part.end(buffer), stat.size));
  return buffer;
}

async function readFully(handle: FileHandle, file: string, bytes: Uint8Array, end: number): Promise<void> {
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(bytes, at, end - at, at);
    if (bytesRead === 0) throw new DictionaryError(file, `ends after ${at} of ${bytes.length} bytes`);
    at += bytesRead;
  }
}
