/** CRC-32C (Castagnoli): the checksum of TFRecord files, tensor bundles and objects in Google Cloud Storage. */
import { kernel } from './crc32c-blocks.ts';
import { slicingTables } from './slicing-tables.ts';

/** From so many bytes on WebAssembly is faster, though it takes a copy of them. */
const manyBytes = 256;

/** CRC-32C of `bytes[begin, end)`, unsigned. `before` continues the checksum of earlier bytes. */
export function crc32c(bytes: Uint8Array, begin = 0, end = bytes.length, before = 0): number {
  return end - begin < manyBytes ? ofFewBytes(bytes, begin, end, before) : ofBlocks(bytes, begin, end, before);
}

const lanes = 8;
const tables = slicingTables(lanes);

function ofFewBytes(bytes: Uint8Array, begin: number, end: number, before: number): number {
  const t = tables;
  let crc = ~before;
  let i = begin;
  for (const last = end - lanes; i <= last; i += lanes) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[0x700 | (crc & 0xff)]! ^
      t[0x600 | ((crc >>> 8) & 0xff)]! ^
      t[0x500 | ((crc >>> 16) & 0xff)]! ^
      t[0x400 | (crc >>> 24)]! ^
      t[0x300 | bytes[i + 4]!]! ^
      t[0x200 | bytes[i + 5]!]! ^
      t[0x100 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

function ofBlocks(bytes: Uint8Array, begin: number, end: number, before: number): number {
  blocks ??= startBlocks();
  const { block, crcOfBlock } = blocks;
  let crc = before;
  for (let at = begin; at < end; at += block.length) {
    const part = bytes.subarray(at, Math.min(at + block.length, end));
    block.set(part);
    crc = crcOfBlock(part.length, crc);
  }
  return crc >>> 0;
}

interface Blocks {
  /** Where a block's bytes go. */
  readonly block: Uint8Array;
  /** CRC-32C of the first so many bytes there, signed. */
  crcOfBlock(length: number, before: number): number;
}

let blocks: Blocks | undefined;

function startBlocks(): Blocks {
  // One page of 64 KiB: the tables that crc32c-blocks.as.ts wants, and the block.
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(kernel, 'base64')), {
    env: { memory },
  });
  const sixteen = slicingTables(16);
  new Int32Array(memory.buffer).set(sixteen);
  const begin = sixteen.byteLength;
  return {
    block: new Uint8Array(memory.buffer, begin),
    crcOfBlock: (length, before) => exports.crc32c!(begin, begin + length, before),
  };
}

/** As Google Cloud Storage writes it: base64 of its four bytes, the highest first. */
export function checksumText(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
