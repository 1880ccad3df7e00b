import { type FileHandle, open, rm } from 'node:fs/promises';
import type { File } from '@google-cloud/storage';
import { checksumText, crc32c } from '../../checksum/crc32c.ts';
import { type DownloadOptions, largestRead } from '../bucket.ts';
import { RemoteError, requestFailure } from '../remote-error.ts';
import { broken } from './gcs-upload.ts';

/** A server that sends nothing for so long is not going to. */
const idleMs = 60_000;

/** Attempts at an object whose bytes do not have its checksum. */
const attemptsAtChecksum = 3;

type Ask = <T>(attempt: () => Promise<T>) => Promise<T>;

/** The bytes of a small object, one attempt; undefined if it is not there. */
export async function readWhole(file: File): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  const stated = await receive(file, 0, (chunk) => {
    length += chunk.length;
    if (length > largestRead) throw new RemoteError('poisoned', `${urlOf(file)} is larger than ${largestRead} bytes`);
    chunks.push(chunk);
  });
  if (stated === undefined) return undefined;
  const bytes = Buffer.concat(chunks);
  if (stated.total !== undefined && length !== stated.total) throw cutShort(length, stated.total);
  if (stated.crc32c !== undefined && stated.crc32c !== checksumText(crc32c(bytes))) throw broken(otherBytes(file));
  return bytes;
}

/**
 * Fetches an object into a new file, which is removed if that fails; what has arrived is kept between attempts. False if the object is not
 * there. Its CRC-32C is checked.
 */
export async function downloadFile(
  file: File,
  path: string,
  { size = Number.POSITIVE_INFINITY, signal, onBytes = () => {} }: DownloadOptions,
  ask: Ask,
): Promise<boolean> {
  const target = await open(path, 'wx');
  let [length, crc, mismatches] = [0, 0, 0];
  const attempt = async (): Promise<boolean> => {
    const stated = await receive(file, length, async (chunk) => {
      signal?.throwIfAborted();
      if (length + chunk.length > size)
        throw new RemoteError('poisoned', `${urlOf(file)} is larger than ${size} bytes`);
      await writeAll(target, chunk, length);
      crc = crc32c(chunk, 0, chunk.length, crc);
      length += chunk.length;
      onBytes(chunk.length);
    });
    if (stated === undefined) return false;
    if (stated.total !== undefined && length < stated.total) throw cutShort(length, stated.total);
    if (stated.crc32c === undefined || stated.crc32c === checksumText(crc)) return true;
    onBytes(-length);
    [length, crc] = [0, 0];
    await target.truncate(0);
    if (++mismatches === attemptsAtChecksum) throw new RemoteError('poisoned', otherBytes(file));
    throw broken(otherBytes(file));
  };
  try {
    const found = await ask(attempt);
    await target.close();
    if (!found) await rm(path);
    return found;
  } catch (error) {
    await target.close().catch(() => {});
    await rm(path, { force: true });
    throw error;
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; )
    at += (await handle.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
}

interface Stated {
  /** Of the whole object, also where only its rest was asked for. */
  readonly crc32c?: string;
  readonly total?: number;
}

/** Hands over the bytes of an object from an offset on; resolves with what the server says of it, undefined if it is not there. */
async function receive(
  file: File,
  start: number,
  take: (chunk: Buffer) => void | Promise<void>,
): Promise<Stated | undefined> {
  const stream = file.createReadStream({ validation: false, decompress: false, ...(start > 0 && { start }) });
  const idle = setTimeout(() => {
    stream.destroy(Object.assign(new Error(`nothing arrived for ${idleMs / 1000} s`), { code: 'ETIMEDOUT' }));
  }, idleMs);
  let answer: { headers?: Record<string, string>; statusCode?: number } | undefined;
  stream.once('response', (response) => {
    answer = response;
  });
  try {
    for await (const chunk of stream) {
      idle.refresh();
      await take(chunk as Buffer);
    }
  } catch (error) {
    const status = requestFailure(error).status;
    if (status === 404) return undefined;
    // All that there is had arrived.
    if (status === 416 && start > 0) return {};
    if (error instanceof RemoteError) throw error;
    throw Object.assign(error as Error, { response: answer });
  } finally {
    clearTimeout(idle);
  }
  return statedBy(answer?.headers ?? {});
}

function statedBy(headers: Record<string, string>): Stated {
  const range = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const total = range ?? headers['content-length'];
  const checksum = /crc32c=([^,]+)/.exec(headers['x-goog-hash'] ?? '')?.[1];
  return { ...(total !== undefined && { total: Number(total) }), ...(checksum !== undefined && { crc32c: checksum }) };
}

function cutShort(length: number, total: number): Error {
  return broken(`the connection ended after ${length} of ${total} bytes`);
}

function otherBytes(file: File): string {
  return `${urlOf(file)} arrives with other bytes than its checksum says`;
}

function urlOf(file: File): string {
  return `gs://${file.bucket.name}/${file.name}`;
}
