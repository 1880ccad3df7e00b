/** Writes tensor bundles as TensorFlow's BundleWriter does: one data file, then the index, each renamed into place when it is whole. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { maskedCrc32c } from '../crc32c.ts';
import { byteLength, type DataType, encodeEntry, encodeHeader, type TensorEntry } from './entry.ts';
import { pad5 } from './reader.ts';
import { storedString } from './strings.ts';
import { writeTable } from './table.ts';
import { naming, syncFolderOf } from './whole-file.ts';

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
    naming(unfinished[1], () => writeFileSync(unfinished[1], index, { flush: true }));
    // A checkpoint exists when its index does: that of an earlier one goes before its data, ours comes after.
    rmSync(`${prefix}.index`, { force: true });
    renameSync(unfinished[0], data);
    renameSync(unfinished[1], `${prefix}.index`);
    syncFolderOf(prefix);
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
      naming(path, () => {
        for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      });
      offset += bytes.length;
    }
    naming(path, () => fsyncSync(file));
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
