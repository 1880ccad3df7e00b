import { type FileHandle, open, rm } from 'node:fs/promises';
import { checksumText, crc32c } from '../../checksum/crc32c.ts';
import { type DownloadOptions, largestRead } from '../bucket.ts';
import { RemoteError } from '../remote-error.ts';
import { broken } from './gcs-upload.ts';

/** A server that sends nothing for so long is not going to. */
const idleMs = 60_000;

/** Attempts at an object whose bytes do not have its checksum. */
const attemptsAtChecksum = 3;

/**
 * Where the bytes of an object are had. They are fetched without the client: what it fetches with does not notice a connection that ends
 * too early, and waits for ever.
 */
export interface Media {
  /** For people. */
  readonly url: string;
  readonly address: string;
  /** With credentials, where they are asked for. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

type Ask = <T>(attempt: () => Promise<T>) => Promise<T>;

/** The bytes of a small object, one attempt; undefined if it is not there. */
export async function readWhole(media: Media, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stated = await receive(media, 0, signal, (chunk) => {
    length += chunk.length;
    if (length > largestRead) throw new RemoteError('poisoned', `${media.url} is larger than ${largestRead} bytes`);
    chunks.push(chunk);
  });
  if (stated === undefined) return undefined;
  const bytes = Buffer.concat(chunks);
  if (stated.total !== undefined && length !== stated.total) throw cutShort(length, stated.total);
  if (stated.crc32c !== undefined && stated.crc32c !== checksumText(crc32c(bytes))) throw broken(otherBytes(media));
  return bytes;
}

/**
 * Fetches an object into a new file, which is removed if that fails; what has arrived is kept between attempts. False if the object is not
 * there. Its CRC-32C is checked.
 */
export async function downloadFile(
  media: Media,
  path: string,
  { size = Number.POSITIVE_INFINITY, signal, onBytes = () => {} }: DownloadOptions,
  ask: Ask,
): Promise<boolean> {
  const target = await open(path, 'wx');
  let [length, crc, mismatches] = [0, 0, 0];
  const startAgain = async () => {
    onBytes(-length);
    [length, crc] = [0, 0];
    await target.truncate(0);
  };
  const attempt = async (): Promise<boolean> => {
    const stated = await receive(media, length, signal, async (chunk, at) => {
      if (at < length) await startAgain();
      if (length + chunk.length > size) throw new RemoteError('poisoned', `${media.url} is larger than ${size} bytes`);
      await writeAll(target, chunk, length);
      crc = crc32c(chunk, 0, chunk.length, crc);
      length += chunk.length;
      onBytes(chunk.length);
    });
    if (stated === undefined) return false;
    if (stated.total !== undefined && length < stated.total) throw cutShort(length, stated.total);
    if (stated.crc32c === undefined || stated.crc32c === checksumText(crc)) return true;
    await startAgain();
    if (++mismatches === attemptsAtChecksum) throw new RemoteError('poisoned', otherBytes(media));
    throw broken(otherBytes(media));
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

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; )
    at += (await handle.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
}

interface Stated {
  /** Of the whole object, also where only its rest was asked for. */
  readonly crc32c?: string;
  readonly total?: number;
}

/**
 * Hands over the bytes of an object, each chunk with its place, from an offset on, or from the beginning where the server does not heed that,
 * as with an object that is stored compressed. Resolves with what the server says of it, undefined if it is not there.
 */
async function receive(
  { address, headers }: Media,
  start: number,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array, at: number) => void | Promise<void>,
): Promise<Stated | undefined> {
  const idle = new AbortController();
  const ending = signal ? AbortSignal.any([idle.signal, signal]) : idle.signal;
  const timer = setTimeout(() => idle.abort(), idleMs);
  try {
    // What is stored compressed arrives as what it was: no part of what `fetch` had to unpack can be asked for.
    const encoding = { 'accept-encoding': 'identity' };
    const range: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
    const response = await fetch(address, {
      headers: { ...(await headers()), ...encoding, ...range },
      signal: ending,
    });
    if (!response.ok) {
      const text = await response.text();
      if (response.status === 404) return undefined;
      // All that there is had arrived.
      if (response.status === 416 && start > 0) return {};
      throw Object.assign(new Error(messageIn(text)), { status: response.status, response });
    }
    let at = response.status === 206 ? start : 0;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      await take(chunk, at);
      at += chunk.length;
    }
    return statedBy(response.headers);
  } catch (error) {
    signal?.throwIfAborted();
    if (idle.signal.aborted) throw broken(`nothing arrived for ${idleMs / 1000} s`);
    throw plainError(error as Error);
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` says only that it failed, or was terminated; its cause says why. */
function plainError(error: Error): Error {
  return error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
}

function messageIn(text: string): string {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return text.slice(0, 200);
  }
}

/** Of an object that is stored compressed and arrives as what it was, the server knows neither length nor checksum. */
function statedBy(headers: Headers): Stated {
  if ((headers.get('x-goog-stored-content-encoding') ?? 'identity') !== 'identity') return {};
  const range = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  const total = range ?? headers.get('content-length') ?? undefined;
  const checksum = /crc32c=([^,]+)/.exec(headers.get('x-goog-hash') ?? '')?.[1];
  return { ...(total !== undefined && { total: Number(total) }), ...(checksum !== undefined && { crc32c: checksum }) };
}

function cutShort(length: number, total: number): Error {
  return broken(`the connection ended after ${length} of ${total} bytes`);
}

function otherBytes({ url }: Media): string {
  return `${url} arrives with other bytes than its checksum says`;
}
