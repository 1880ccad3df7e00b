/** Reads tensor bundles (TensorFlow's checkpoint format V2) without TensorFlow: `PREFIX.index` and `PREFIX.data-SSSSS-of-NNNNN`. */
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { maskedCrc32c } from '../crc32c.ts';
import { decodeEntry, decodeHeader, type TensorEntry } from './entry.ts';
import { CheckpointError } from './error.ts';
import { compareChecksum, openDataFile, readStored, type StoredTensor } from './stored-tensor.ts';
import { stringsChecksum } from './strings.ts';
import { readTable } from './table.ts';

export interface Bundle {
  readonly prefix: string;
  /** By name, in the order of the index (sorted). */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Little-endian bytes of one tensor, checked against its CRC. Throws `CheckpointError` that names the tensor and the file. */
  read(name: string): Buffer;
  /** A tensor of dtype float32. */
  readFloats(name: string): Float32Array;
  /** Where a tensor of dtype float32 lies, for who reads it by pieces. Throws `CheckpointError` if the file ends before it does. */
  storedFloats(name: string): StoredTensor;
  close(): void;
}

/** Opens a bundle by its prefix, e.g. `model_dir/ckpt-1000`. Only the index is read; data files when their tensors are. */
export function openBundle(prefix: string): Bundle {
  const index = `${prefix}.index`;
  const table = readTable(readIndex(index), index);
  const header = table.get('');
  if (header === undefined) throw new CheckpointError(`${index} has no header`);
  const { shards } = decodeHeader(header, index);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, bytes] of table) if (name !== '') tensors.set(name, decodeEntry(bytes, name, index));

  const files = new Map<number, number>();
  const dataFile = (shard: number) => `${prefix}.data-${pad5(shard)}-of-${pad5(shards)}`;
  const open = (shard: number): number => {
    const known = files.get(shard);
    if (known !== undefined) return known;
    const file = openDataFile(dataFile(shard));
    files.set(shard, file);
    return file;
  };
  const stored = (name: string): StoredTensor => {
    const entry = tensors.get(name);
    if (entry === undefined) throw new CheckpointError(`${prefix} has no tensor ${name}`);
    const { shard, offset, size, checksum } = entry;
    const path = dataFile(shard);
    // Asked before anything is allocated, so that a forged size costs nothing.
    if (offset + size > fstatSync(open(shard)).size) {
      throw new CheckpointError(`${path} is truncated: tensor ${name} ends at byte ${offset + size}`);
    }
    return { name, path, offset, size, checksum };
  };
  const read = (name: string): Buffer => {
    const tensor = stored(name);
    const { dtype, shape, shard } = tensors.get(name)!;
    const bytes = Buffer.allocUnsafeSlow(tensor.size);
    readStored(tensor, open(shard), bytes, 0);
    compareChecksum(tensor, dtype === 'string' ? stringsChecksum(bytes, shape) : maskedCrc32c(bytes));
    return bytes;
  };
  const checkFloats = (name: string): void => {
    const dtype = tensors.get(name)?.dtype;
    if (dtype !== undefined && dtype !== 'float32')
      throw new CheckpointError(`${prefix}: tensor ${name} is ${dtype}, not float32`);
  };
  return {
    prefix,
    tensors,
    read,
    readFloats(name) {
      checkFloats(name);
      const bytes = read(name);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    },
    storedFloats(name) {
      checkFloats(name);
      return stored(name);
    },
    close() {
      for (const file of files.values()) closeSync(file);
      files.clear();
    },
  };
}

export function pad5(number: number): string {
  return String(number).padStart(5, '0');
}

function readIndex(index: string): Uint8Array {
  try {
    return readFileSync(index);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new CheckpointError(`There is no checkpoint ${index}`);
    throw error;
  }
}
