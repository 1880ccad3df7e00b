/** Reads flax_model.msgpack. The file is looked through once; then only the places of its arrays are kept. */
import { decode, ExtensionCodec } from '@msgpack/msgpack';
import { z } from 'zod';
import { ModelError } from '../../model-error.ts';
import { asPytorch, type Kept } from '../kernels.ts';
import { extentFile, type TensorExtent, type TensorFile, withAccess } from '../tensor-file.ts';
import { elementBytes, type TensorType } from '../tensor-type.ts';
import { nameOfFlaxPath } from './flax-names.ts';

const arrayExtension = 1;

/** A map's or array's header says how long it is; a model's have few entries, and none of these is given more memory. */
const limits = { maxArrayLength: 64, maxMapLength: 4096, maxStrLength: 1 << 16 };

const arraySchema = z.tuple([
  z.array(z.int().min(0)),
  z.string(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
]);

/** An array's bytes in the file. */
class Leaf {
  readonly extent: TensorExtent;
  constructor(extent: TensorExtent) {
    this.extent = extent;
  }
}

export function readFlax(path: string): Promise<TensorFile> {
  return withAccess(path, (access) => {
    const whole = access.read({ offset: 0, length: access.size });
    const extents = new Map<string, TensorExtent>();
    const names = new Map<string, Kept>();
    for (const [parts, extent] of leavesOf(decodedTree(whole, path), path)) {
      const key = parts.join('/');
      const { name, transposed } = nameOfFlaxPath(parts);
      extents.set(key, extent);
      names.set(name, { key, transposed });
    }
    return asPytorch(extentFile(access, extents), names);
  });
}

function decodedTree(whole: Buffer, path: string): unknown {
  const extensionCodec = new ExtensionCodec();
  extensionCodec.register({ type: arrayExtension, decode: (bytes) => leafOf(bytes, whole), encode: () => null });
  try {
    return decode(whole, { extensionCodec, ...limits });
  } catch (error) {
    throw new ModelError(`${path} is not a whole msgpack file of Flax: ${(error as Error).message}`);
  }
}

function leafOf(bytes: Uint8Array, whole: Buffer): Leaf {
  const [shape, typeName, elements] = arraySchema.parse(decode(bytes, limits));
  const dtype = (Object.keys(elementBytes) as TensorType[]).find((type) => type === typeName);
  if (dtype === undefined) throw new Error(`an array has the unknown type ${typeName.slice(0, 40)}`);
  // A view of the file's own bytes.
  return new Leaf({ dtype, shape, offset: elements.byteOffset - whole.byteOffset, length: elements.length });
}

/** Depth is bounded: a model's tree is shallow, and a forged one shall not end the stack. */
function* leavesOf(value: unknown, path: string, parts: readonly string[] = []): Generator<[string[], TensorExtent]> {
  if (value instanceof Leaf) return yield [[...parts], value.extent];
  if (typeof value !== 'object' || value === null || Array.isArray(value) || parts.length > 32) {
    throw new ModelError(`${path}: ${parts.join('/') || 'the whole'} is neither an array nor a tree of arrays`);
  }
  for (const [part, below] of Object.entries(value)) yield* leavesOf(below, path, [...parts, part]);
}
