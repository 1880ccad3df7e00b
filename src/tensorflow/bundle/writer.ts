/** Writes tensor bundles as TensorFlow's BundleWriter does: one data file, then the index, each renamed into place when it is whole. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { crc32c, maskCrc32c, maskedCrc32c } from '../crc32c.ts';
import { byteLength, type DataType, encodeEntry, encodeHeader, type TensorEntry } from './entry.ts';
import { pad5 } from './reader.ts';
import { writeTable } from './table.ts';

export type NamedTensor =
  | {
      readonly name: string;
      readonly dtype: Exclude<DataType, 'string'>;
      readonly shape: readonly number[];
      readonly bytes: Uint8Array;
    }
  /** A scalar of type string. */
  | { readonly name: string; readonly dtype: 'string'; readonly value: Uint8Array };

/** Writes `PREFIX.data-00000-of-00001` and `PREFIX.index`. Tensors stream: one is in memory at a time if `tensors` is a generator. */
export function writeBundle(prefix: string, tensors: Iterable<NamedTensor>): void {
  const data = `${prefix}.data-${pad5(0)}-of-${pad5(1)}`;
  const unfinished = [`${data}.unfinished`, `${prefix}.index.unfinished`] as const;
  try {
    const entries = writeData(unfinished[0], tensors);
    const table = entries.map(([name, entry]) => [Buffer.from(name), encodeEntry(entry)] as const);
    table.sort(([a], [b]) => Buffer.compare(a, b));
    const index = writeTable([[Buffer.alloc(0), encodeHeader({ shards: 1 })], ...table]);
    writeFileSync(unfinished[1], index, { flush: true });
    // The index last: a checkpoint exists when its index does.
    renameSync(unfinished[0], data);
    renameSync(unfinished[1], `${prefix}.index`);
  } catch (error) {
    for (const file of unfinished) rmSync(file, { force: true });
    throw error;
  }
}

function writeData(path: string, tensors: Iterable<NamedTensor>): [string, TensorEntry][] {
  const entries: [string, TensorEntry][] = [];
  const file = openSync(path, 'w');
  try {
    let offset = 0;
    for (const tensor of tensors) {
      const { bytes, checksum } = stored(tensor);
      const shape = tensor.dtype === 'string' ? [] : tensor.shape;
      entries.push([tensor.name, { dtype: tensor.dtype, shape, shard: 0, offset, size: bytes.length, checksum }]);
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      offset += bytes.length;
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return entries;
}

function stored(tensor: NamedTensor): { bytes: Uint8Array; checksum: number } {
  if (tensor.dtype === 'string') return storedString(tensor.value);
  if (byteLength(tensor.dtype, tensor.shape) !== tensor.bytes.length) {
    throw new Error(`tensor ${tensor.name} of shape [${tensor.shape}] cannot have ${tensor.bytes.length} bytes`);
  }
  return { bytes: tensor.bytes, checksum: maskedCrc32c(tensor.bytes) };
}

/**
 * A string tensor of one element: its length as varint, the masked checksum of the length as 32 bits, the bytes.
 * The entry's checksum runs over the length as 32 bits, that checksum, and the bytes (WriteStringTensor, tensor_bundle.cc).
 */
function storedString(value: Uint8Array): { bytes: Uint8Array; checksum: number } {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  const lengthChecksum = Buffer.alloc(4);
  lengthChecksum.writeUInt32LE(maskedCrc32c(length));
  const varint: number[] = [];
  for (let rest = value.length; ; rest >>>= 7) {
    varint.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  const checksum = maskCrc32c(crc32c(Buffer.concat([length, lengthChecksum, value])));
  return { bytes: Buffer.concat([Buffer.from(varint), lengthChecksum, value]), checksum };
}

/** The element of a scalar string tensor as it is stored. */
export function stringElement(stored: Uint8Array): Uint8Array {
  let at = 0;
  while ((stored[at] ?? 0) >= 0x80) at++;
  return stored.subarray(at + 1 + 4);
}
