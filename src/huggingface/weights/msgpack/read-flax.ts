/**
 * Reads flax_model.msgpack from header to header, past the arrays' bytes (https://github.com/msgpack/msgpack/blob/master/spec.md). A library
 * would take the whole file into memory, and make of a forged one whatever it claims to hold; here it can only be a tree of named arrays.
 */
import { ModelError } from '../../model-error.ts';
import { asPytorch, type Kept } from '../kernels.ts';
import { extentFile, type RandomAccess, type TensorExtent, type TensorFile, withAccess } from '../tensor-file.ts';
import { elementBytes, type TensorType } from '../tensor-type.ts';
import { nameOfFlaxPath } from './flax-names.ts';

/** More than any model has. What is noted of an array, its whole path, may take far more memory than it needs in the file. */
const maxArrays = 1 << 14;
/** A model's tree is shallow, and a forged one shall not end the stack. */
const maxDepth = 16;

export function readFlax(path: string): Promise<TensorFile> {
  return withAccess(path, (access) => {
    const extents = new Map<string, TensorExtent>();
    const names = new Map<string, Kept>();
    const source = byteSource(access);
    for (const [parts, extent] of arraysOf(source, path)) {
      const key = parts.join('/');
      const { name, transposed } = nameOfFlaxPath(parts);
      extents.set(key, extent);
      names.set(name, { key, transposed });
      if (extents.size > maxArrays) throw new ModelError(`${path} is refused: it has more than ${maxArrays} arrays`);
    }
    if (source.position() !== access.size) throw new ModelError(`${path} has bytes behind its end: is it Flax's?`);
    return asPytorch(extentFile(access, extents), names);
  });
}

interface Source {
  position(): number;
  take(length: number): Buffer;
  skip(length: number): void;
}

/** Reads a little ahead: headers stand close to each other, and a whole array away from the next. */
function byteSource(access: RandomAccess): Source {
  const ahead = 1024;
  let window: Buffer = Buffer.alloc(0);
  let [at, begin] = [0, 0];
  return {
    position: () => at,
    take(length) {
      if (at + length > begin + window.length) {
        begin = at;
        window = access.read({ offset: at, length: Math.max(length, Math.min(ahead, access.size - at)) });
      }
      at += length;
      return window.subarray(at - length - begin, at - begin);
    },
    skip(length) {
      if (at + length > access.size) throw new ModelError(`${access.path} is truncated: ${length} bytes from ${at} on`);
      at += length;
    },
  };
}

/** How a kind of value begins: with its size in the code itself, counted from `fixed`, or in so many bytes behind the code. */
interface Kind {
  readonly fixed?: readonly [first: number, last: number];
  readonly sized: Readonly<Record<number, number>>;
}

const natural: Kind = { fixed: [0x00, 0x7f], sized: { 204: 1, 205: 2, 206: 4 } };
const map: Kind = { fixed: [0x80, 0x8f], sized: { 222: 2, 223: 4 } };
const list: Kind = { fixed: [0x90, 0x9f], sized: {} };
const text: Kind = { fixed: [0xa0, 0xbf], sized: { 217: 1 } };
const binary: Kind = { sized: { 196: 1, 197: 2, 198: 4 } };
const extension: Kind = { sized: { 199: 1, 200: 2, 201: 4 } };

/** The size of a value (of a natural number, its value); undefined if `code` begins another kind. */
function sizeOf({ fixed, sized }: Kind, code: number, source: Source): number | undefined {
  if (fixed !== undefined && code >= fixed[0] && code <= fixed[1]) return code - fixed[0];
  const bytes = sized[code];
  return bytes === undefined ? undefined : source.take(bytes).readUIntBE(0, bytes);
}

function* arraysOf(
  source: Source,
  path: string,
  parts: readonly string[] = [],
): Generator<[readonly string[], TensorExtent]> {
  const refuse: (why: string) => never = (why) => {
    throw new ModelError(`${path}: ${parts.join('/').slice(0, 200) || 'the whole'} ${why}`);
  };
  const expected = (kind: Kind): number =>
    sizeOf(kind, source.take(1).readUInt8(), source) ?? refuse("is not as Flax writes an array, or an array's name");
  const expectedText = () => source.take(expected(text)).toString('utf8');

  const code = source.take(1).readUInt8();
  const entries = sizeOf(map, code, source);
  if (entries !== undefined) {
    if (parts.length === maxDepth) refuse('lies too deep');
    for (let i = 0; i < entries; i++) yield* arraysOf(source, path, [...parts, expectedText()]);
    return;
  }
  // An array is an extension of type 1 with the msgpack of [shape, name of the type, bytes] (flax/serialization.py).
  const length = sizeOf(extension, code, source) ?? refuse('is neither an array nor a tree of arrays');
  const isArray = source.take(1).readUInt8() === 1;
  const begin = source.position();
  if (!isArray || expected(list) !== 3) refuse('is an extension that is no array');
  const shape = Array.from({ length: expected(list) }, () => expected(natural));
  const type = expectedText();
  const dtype = (Object.keys(elementBytes) as TensorType[]).find((known) => known === type);
  if (dtype === undefined) refuse(`has the unknown type ${type.slice(0, 40)}`);
  const bytes = expected(binary);
  const offset = source.position();
  source.skip(bytes);
  if (source.position() !== begin + length) refuse('is damaged: its parts are not as long as the whole');
  yield [parts, { dtype, shape, offset, length: bytes }];
}
