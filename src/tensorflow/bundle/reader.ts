/** Reads tensor bundles (TensorFlow's checkpoint format V2) without TensorFlow: `PREFIX.index` and `PREFIX.data-SSSSS-of-NNNNN`. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { maskedCrc32c } from '../crc32c.ts';
import { decodeEntry, decodeHeader, type TensorEntry } from './entry.ts';
import { CheckpointError } from './error.ts';
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
    const file = openData(dataFile(shard));
    files.set(shard, file);
    return file;
  };
  const read = (name: string): Buffer => {
    const entry = tensors.get(name);
    if (entry === undefined) throw new CheckpointError(`${prefix} has no tensor ${name}`);
    const file = open(entry.shard);
    const path = dataFile(entry.shard);
    // Asked before anything is allocated, so that a forged size costs nothing.
    if (entry.offset + entry.size > fstatSync(file).size) {
      throw new CheckpointError(`${path} is truncated: tensor ${name} ends at byte ${entry.offset + entry.size}`);
    }
    const bytes = Buffer.allocUnsafeSlow(entry.size);
    let done = 0;
    while (done < entry.size) done += readSync(file, bytes, done, entry.size - done, entry.offset + done);
    const checksum = entry.dtype === 'string' ? stringsChecksum(bytes, entry.shape) : maskedCrc32c(bytes);
    if (checksum !== entry.checksum) {
      throw new CheckpointError(`${path} is damaged: the checksum of tensor ${name} is wrong`);
    }
    return bytes;
  };
  return {
    prefix,
    tensors,
    read,
    readFloats(name) {
      const dtype = tensors.get(name)?.dtype;
      if (dtype !== undefined && dtype !== 'float32')
        throw new CheckpointError(`${prefix}: tensor ${name} is ${dtype}, not float32`);
      const bytes = read(name);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
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

function openData(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CheckpointError(`${path} is missing: the checkpoint's index names it`);
  }
}
