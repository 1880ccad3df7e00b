import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Digest } from '../result.ts';
import { digestBytes } from './digest-bytes.ts';
import { digestInWorkers } from './digest-pool.ts';

/** Up to this many bytes, digesting here is quicker than asking a worker thread. */
export const smallFile = 8 * 2 ** 20;

/** A buffer that stays in the core's cache: the hash reads what the read just wrote. */
const chunk = 64 * 1024;

/** Digest of a file's bytes; blocks until it is read. Throws the system's error. */
export function digestFileSync(path: string, size: number): Digest {
  if (size <= chunk) return digestBytes(readFileSync(path));
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(chunk);
  const descriptor = openSync(path, 'r');
  try {
    for (;;) {
      const length = readSync(descriptor, buffer, 0, chunk, null);
      if (length === 0) break;
      hash.update(length === chunk ? buffer : buffer.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
  return `sha256:${hash.digest('hex')}`;
}

export interface SizedFile {
  readonly path: string;
  /** Bytes; only decides where the work is done. */
  readonly size: number;
}

/** Digests of files in the order given, large sets on all cores. Rejects with the system's error. */
export async function digestFiles(files: readonly SizedFile[]): Promise<Digest[]> {
  let bytes = 0;
  for (const file of files) bytes += file.size;
  if (bytes <= smallFile && files.length <= 256) return files.map((file) => digestFileSync(file.path, file.size));
  return digestInWorkers(files);
}

/** Digest of one file. Rejects with the system's error. */
export async function digestFile(path: string, size: number): Promise<Digest> {
  return (await digestFiles([{ path, size }]))[0]!;
}
