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
export function readSharedFile(file: string, part?: Part): Promise<SharedArrayBuffer> {
  return withFile(file, async (handle, size) => {
    const buffer = new SharedArrayBuffer(size);
    const bytes = new Uint8Array(buffer);
    if (part !== undefined) await readFully(handle, file, bytes, Math.min(part.headBytes, size));
    await readFully(handle, file, bytes, part === undefined ? size : Math.min(part.end(buffer), size));
    return buffer;
  });
}

/** Reads a file into the room that is made for its size. Throws DictionaryError as `readSharedFile` does. */
export function readFileInto<Room extends { readonly file: Uint8Array }>(
  file: string,
  roomFor: (size: number) => Room,
): Promise<Room> {
  return withFile(file, async (handle, size) => {
    const room = roomFor(size);
    await readFully(handle, file, room.file, size);
    return room;
  });
}

async function withFile<T>(file: string, read: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new DictionaryError(file, error.code === 'ENOENT' ? 'no such file' : error.message);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new DictionaryError(file, 'not a file');
    if (stat.size > LARGEST) throw new DictionaryError(file, `too large (${stat.size} bytes; at most ${LARGEST})`);
    return await read(handle, stat.size);
  } finally {
    await handle.close();
  }
}

async function readFully(handle: FileHandle, file: string, bytes: Uint8Array, end: number): Promise<void> {
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(bytes, at, end - at, at);
    if (bytesRead === 0) throw new DictionaryError(file, `ends after ${at} of ${bytes.length} bytes`);
    at += bytesRead;
  }
}
