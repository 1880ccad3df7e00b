/**
 * TFRecord files: one record after another, each as
 * length (uint64), masked CRC-32C of the length (uint32), data, masked CRC-32C of the data (uint32), all little-endian.
 * A whole file may be compressed with gzip.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { maskedCrc32c } from './crc32c.ts';

const headerLength = 12;
const footerLength = 4;

/** What a record occupies besides its data, in bytes. */
export const recordOverhead = headerLength + footerLength;

/** A file that is not what it should be: names the file and, where one is at fault, the record (from 0). */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/**
 * Writes one record at `at`: `writeData` puts the data where it is told and returns where the data end.
 * Returns where the record ends.
 */
export function writeRecord(target: Uint8Array, at: number, writeData: (at: number) => number): number {
  const begin = at + headerLength;
  const end = writeData(begin);
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint32(at, end - begin, true);
  view.setUint32(at + 4, 0, true);
  view.setUint32(at + 8, maskedCrc32c(target, at, at + 8), true);
  view.setUint32(end, maskedCrc32c(target, begin, end), true);
  return end + footerLength;
}

/**
 * The data of each record of a file, plain or gzip as its first bytes tell, with both checksums checked.
 * A record's bytes may be overwritten once the next one is asked for. Throws `RecordError`.
 */
export async function* readRecords(path: string): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array = new Uint8Array(0);
  let record = 0;
  let offset = 0;
  for await (const chunk of contentOf(path)) {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    while (bytes.length - at >= headerLength) {
      const length = dataLength(bytes, at);
      if (length === undefined) throw corrupt(path, record, offset + at, 'the checksum of its length does not match');
      const end = at + headerLength + length;
      if (bytes.length < end + footerLength) break;
      if (maskedCrc32c(bytes, at + headerLength, end) !== uint32(bytes, end)) {
        throw corrupt(path, record, offset + at, 'the checksum of its data does not match');
      }
      yield bytes.subarray(at + headerLength, end);
      record++;
      at = end + footerLength;
    }
    pending = bytes.subarray(at);
    offset += at;
  }
  if (pending.length > 0) throw corrupt(path, record, offset, 'the file ends in the middle of it');
}

/** The whole records at the start of some bytes, and where they end: of a file that is still being written. */
export function leadingRecords(bytes: Uint8Array): { readonly records: readonly Uint8Array[]; readonly end: number } {
  const records: Uint8Array[] = [];
  let at = 0;
  while (bytes.length - at >= headerLength) {
    const length = dataLength(bytes, at);
    const end = at + headerLength + (length ?? Number.POSITIVE_INFINITY);
    if (bytes.length < end + footerLength) break;
    if (maskedCrc32c(bytes, at + headerLength, end) !== uint32(bytes, end)) break;
    records.push(bytes.subarray(at + headerLength, end));
    at = end + footerLength;
  }
  return { records, end: at };
}

/** The first record's header decides, since a record may happen to start like a gzip file. */
export async function isCompressed(path: string): Promise<boolean> {
  const head = await readHead(path);
  const isPlain = head.length === 0 || (head.length === headerLength && dataLength(head, 0) !== undefined);
  return !isPlain && head[0] === 0x1f && head[1] === 0x8b;
}

/** Decompressed content. Throws `RecordError` for a gzip file that is not whole. */
export async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  if (!(await isCompressed(path))) {
    yield* createReadStream(path, { highWaterMark: 1 << 20 });
    return;
  }
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_')) {
      throw new RecordError(`${path}: not a whole gzip file: ${(error as Error).message}. Make or fetch it again.`);
    }
    throw error;
  } finally {
    file.destroy();
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { buffer, bytesRead } = await file.read(new Uint8Array(headerLength), 0, headerLength, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file?.close();
  }
}

/** Length of the data of the record at `at`, or undefined if its checksum does not match. */
function dataLength(bytes: Uint8Array, at: number): number | undefined {
  if (maskedCrc32c(bytes, at, at + 8) !== uint32(bytes, at + 8)) return undefined;
  return uint32(bytes, at) + uint32(bytes, at + 4) * 2 ** 32;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function corrupt(path: string, record: number, offset: number, what: string): RecordError {
  return new RecordError(
    `${path}: record ${record} (byte ${offset}) is corrupt: ${what}. Make or fetch the file again.`,
  );
}
