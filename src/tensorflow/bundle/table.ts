/**
 * The sorted string table of a tensor bundle's index: LevelDB's table format, as tensorflow/core/lib/io/table*.cc writes it.
 * Blocks of prefix-compressed entries, each followed by a compression byte and a masked CRC-32C; an index block; a 48-byte footer.
 */
import snappy from 'snappyjs';
import { maskedCrc32c } from '../crc32c.ts';
import { CheckpointError } from './error.ts';

const footerLength = 48;
const magic = 0xdb4775248b80fb57n;
const blockTrailerLength = 5;
const uncompressed = 0;
const snappyCompressed = 1;
/** TensorFlow writes blocks of 256 KiB; a larger one than this is not an index of a model. */
const maxBlockLength = 1 << 28;
const restartInterval = 16;
const blockLength = 1 << 18;

/** Reads every entry in order. `file` names the source in errors. */
export function readTable(bytes: Uint8Array, file: string): Map<string, Uint8Array> {
  if (bytes.length < footerLength) throw new CheckpointError(`${file} is truncated: an index has at least 48 bytes`);
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - footerLength, footerLength);
  if (footer.readBigUInt64LE(40) !== magic) {
    throw new CheckpointError(
      `${file} is not a checkpoint index, or its end is missing: the table's magic number is not there`,
    );
  }
  const cursor = { at: 0 };
  readBlock(bytes, readHandle(footer, cursor, file), file); // the meta index, which TensorFlow leaves empty
  const entries = new Map<string, Uint8Array>();
  for (const [, handle] of blockEntries(readBlock(bytes, readHandle(footer, cursor, file), file), file)) {
    const block = readBlock(bytes, readHandle(handle, { at: 0 }, file), file);
    for (const [key, value] of blockEntries(block, file)) entries.set(key.toString('utf8'), value);
  }
  return entries;
}

interface Handle {
  readonly offset: number;
  readonly length: number;
}

function readHandle(bytes: Uint8Array, cursor: { at: number }, file: string): Handle {
  return { offset: readVarint(bytes, cursor, file), length: readVarint(bytes, cursor, file) };
}

function readVarint(bytes: Uint8Array, cursor: { at: number }, file: string): number {
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw new CheckpointError(`${file} is damaged: a number in its index does not end`);
}

function readBlock(bytes: Uint8Array, { offset, length }: Handle, file: string): Uint8Array {
  const end = offset + length;
  if (length > maxBlockLength || end + blockTrailerLength > bytes.length) {
    throw new CheckpointError(`${file} is damaged: a block of ${length} bytes at ${offset} does not fit in it`);
  }
  const checksum = Buffer.from(bytes.buffer, bytes.byteOffset + end + 1, 4).readUInt32LE();
  if (maskedCrc32c(bytes, offset, end + 1) !== checksum) {
    throw new CheckpointError(`${file} is damaged: the checksum of the block at byte ${offset} is wrong`);
  }
  const block = bytes.subarray(offset, end);
  if (bytes[end] === uncompressed) return block;
  if (bytes[end] !== snappyCompressed) {
    throw new CheckpointError(
      `${file}: the block at byte ${offset} has compression ${bytes[end]}; none and snappy are known`,
    );
  }
  try {
    return snappy.uncompress(block, maxBlockLength);
  } catch (error) {
    throw new CheckpointError(`${file} is damaged: the block at byte ${offset} does not decompress (${error})`);
  }
}

/** Each key shares a prefix with the one before it; restart points, which allow a binary search, are not needed here. */
function* blockEntries(block: Uint8Array, file: string): Generator<[Buffer, Uint8Array]> {
  const view = Buffer.from(block.buffer, block.byteOffset, block.length);
  const restarts = block.length < 4 ? -1 : view.readUInt32LE(block.length - 4);
  const end = block.length - 4 - 4 * restarts;
  if (restarts < 0 || end < 0) throw new CheckpointError(`${file} is damaged: a block has no restart points`);
  const cursor = { at: 0 };
  let key = Buffer.alloc(0);
  while (cursor.at < end) {
    const shared = readVarint(block, cursor, file);
    const fresh = readVarint(block, cursor, file);
    const valueLength = readVarint(block, cursor, file);
    if (shared > key.length || cursor.at + fresh + valueLength > end) {
      throw new CheckpointError(`${file} is damaged: an entry runs past its block`);
    }
    key = Buffer.concat([key.subarray(0, shared), view.subarray(cursor.at, cursor.at + fresh)]);
    cursor.at += fresh;
    yield [key, block.subarray(cursor.at, cursor.at + valueLength)];
    cursor.at += valueLength;
  }
}

/** A table of these entries, which must be sorted by the bytes of their keys; uncompressed, as TensorFlow writes indexes. */
export function writeTable(entries: Iterable<readonly [Buffer, Uint8Array]>): Buffer {
  const parts: Buffer[] = [];
  let offset = 0;
  const append = (block: Buffer): Buffer => {
    const typed = Buffer.concat([block, Buffer.of(uncompressed)]);
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32LE(maskedCrc32c(typed));
    const handle = Buffer.concat([varint(offset), varint(block.length)]);
    parts.push(typed, trailer);
    offset += block.length + blockTrailerLength;
    return handle;
  };

  const index = blockWriter(1);
  let block = blockWriter(restartInterval);
  let last: Buffer = Buffer.alloc(0);
  for (const [key, value] of entries) {
    if (block.length() >= blockLength) {
      index.add(separator(last, key), append(block.finish()));
      block = blockWriter(restartInterval);
    }
    block.add(key, value);
    last = key;
  }
  if (block.length() > 0) index.add(successor(last), append(block.finish()));
  const metaHandle = append(blockWriter(restartInterval).finish());
  const handles = Buffer.concat([metaHandle, append(index.finish())]);
  const footer = Buffer.alloc(footerLength);
  handles.copy(footer);
  footer.writeBigUInt64LE(magic, 40);
  return Buffer.concat([...parts, footer]);
}

function blockWriter(interval: number) {
  const parts: Buffer[] = [];
  const restarts = [0];
  let length = 0;
  let sinceRestart = 0;
  let previous: Buffer = Buffer.alloc(0);
  return {
    length: () => length,
    add(key: Buffer, value: Uint8Array): void {
      if (sinceRestart === interval) {
        restarts.push(length);
        sinceRestart = 0;
      }
      const shared = sinceRestart === 0 ? 0 : sharedPrefix(previous, key);
      const header = Buffer.concat([varint(shared), varint(key.length - shared), varint(value.length)]);
      const entry = Buffer.concat([header, key.subarray(shared), value]);
      parts.push(entry);
      length += entry.length;
      sinceRestart++;
      previous = key;
    },
    finish(): Buffer {
      const tail = Buffer.alloc(4 * restarts.length + 4);
      for (const [i, restart] of restarts.entries()) tail.writeUInt32LE(restart, 4 * i);
      tail.writeUInt32LE(restarts.length, 4 * restarts.length);
      return Buffer.concat([...parts, tail]);
    },
  };
}

/** A short key that is not before `last` and before `next` (FindShortestSeparator of LevelDB's comparator). */
function separator(last: Buffer, next: Buffer): Buffer {
  const at = sharedPrefix(last, next);
  const byte = last[at];
  if (byte === undefined || byte === 0xff || byte + 1 >= (next[at] ?? 0)) return last;
  return Buffer.concat([last.subarray(0, at), Buffer.of(byte + 1)]);
}

/** A short key that is not before `last` (FindShortSuccessor). */
function successor(last: Buffer): Buffer {
  const at = last.findIndex((byte) => byte !== 0xff);
  return at < 0 ? last : Buffer.concat([last.subarray(0, at), Buffer.of(last[at]! + 1)]);
}

function sharedPrefix(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
