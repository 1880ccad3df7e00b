/**
 * Reads safetensors: the length of a JSON header as 64 bits, the header, then the tensors' bytes without gaps.
 * Nothing in the header is believed before it is held against the size of the file.
 */
import { z } from 'zod';
import { ModelError } from '../../model-error.ts';
import {
  checkDisjoint,
  extentFile,
  type RandomAccess,
  type TensorExtent,
  type TensorFile,
  withAccess,
} from '../tensor-file.ts';
import type { TensorType } from '../tensor-type.ts';
import { safetensorsTypes } from './format.ts';

/** A header of thirty thousand tensors is smaller; a larger one is not a model's, and takes fifty times its length to parse. */
const maxHeaderLength = 1 << 22;

const natural = z.int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(natural).max(64),
  data_offsets: z.tuple([natural, natural]),
});

export function readSafetensors(path: string): Promise<TensorFile> {
  return withAccess(path, (access) => {
    const begin = 8 + headerLength(access);
    const header = parsedHeader(access.read({ offset: 8, length: begin - 8 }), path);
    const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
    const extents = new Map(entries.map(([name, entry]) => [name, extentOf(name, entry, begin, path)]));
    checkDisjoint(extents, begin, access.size, path);
    const described = [...extents.values()].reduce((total, { length }) => total + length, 0);
    if (begin + described !== access.size) {
      throw new ModelError(`${path}: ${access.size - begin - described} bytes belong to no tensor`);
    }
    return extentFile(access, extents);
  });
}

function headerLength(access: RandomAccess): number {
  const length = access.size < 8 ? undefined : access.read({ offset: 0, length: 8 }).readBigUInt64LE();
  if (length === undefined || length > BigInt(access.size - 8)) {
    throw new ModelError(`${access.path} is not safetensors, or truncated: its header does not fit in it`);
  }
  if (length > maxHeaderLength) throw new ModelError(`${access.path}: a header of ${length} bytes is refused`);
  return Number(length);
}

function parsedHeader(bytes: Buffer, path: string): object {
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header;
  } catch {
    // Said below.
  }
  throw new ModelError(`${path} is not safetensors: its header is not a JSON object`);
}

function extentOf(name: string, value: unknown, dataBegin: number, path: string): TensorExtent {
  const { success, data } = entrySchema.safeParse(value);
  if (!success) throw new ModelError(`${path}: the header's entry for ${name} has no type, shape and offsets`);
  const dtype = (Object.keys(safetensorsTypes) as TensorType[]).find((type) => safetensorsTypes[type] === data.dtype);
  if (dtype === undefined) throw new ModelError(`${path}: tensor ${name} has the unknown type ${data.dtype}`);
  const [begin, end] = data.data_offsets;
  if (end < begin) throw new ModelError(`${path}: tensor ${name} ends before it begins`);
  return { dtype, shape: data.shape, offset: dataBegin + begin, length: end - begin };
}
