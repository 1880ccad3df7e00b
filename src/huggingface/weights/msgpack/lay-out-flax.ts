/**
 * Writes flax_model.msgpack: nested maps whose leaves are arrays, each an extension of type 1 that holds the msgpack of
 * [shape, name of the type, bytes] (flax/serialization.py). The library encodes names and shapes; the headers in front of an array's bytes are
 * written here, since it would copy the array into a buffer three times its size.
 */
import { encode } from '@msgpack/msgpack';
import { ModelError } from '../../model-error.ts';
import { openFileSink } from '../file-sink.ts';
import { elementsOf, kernelShape, type LayOut, type WeightInfo } from '../weight.ts';
import { flaxPath } from './flax-names.ts';

const arrayExtension = 1;
/** Flax cuts larger arrays into pieces. */
const maxArrayBytes = 2 ** 30;

type Tree = Map<string, Tree | WeightInfo>;

export const layOutFlax: LayOut = (path, weights) => {
  const tooLarge = weights.find((weight) => 4 * elementsOf(weight) > maxArrayBytes);
  if (tooLarge) throw new ModelError(`${path}: ${tooLarge.name} exceeds 1 GiB: leave out the format flax`);
  const offsets = new Map<string, number>();
  const sink = openFileSink(path);
  let end = 0;
  for (const [weight, before] of leavesOf(treeOf(weights))) {
    const header = Buffer.concat([before, arrayHeader(weight)]);
    sink.writeAt(end, header);
    offsets.set(weight.name, end + header.length);
    end += header.length + 4 * elementsOf(weight);
  }
  sink.close();
  return { path, holds: 'kernels', placeOf: ({ name }) => offsets.get(name)! };
};

function treeOf(weights: readonly WeightInfo[]): Tree {
  const root: Tree = new Map();
  for (const weight of weights) {
    const path = flaxPath(weight);
    let at = root;
    for (const part of path.slice(0, -1)) {
      const below = at.get(part);
      const next: Tree = below instanceof Map ? below : new Map();
      if (below === undefined) at.set(part, next);
      at = next;
    }
    at.set(path.at(-1)!, weight);
  }
  return root;
}

/** Each weight with the bytes that stand before its array: the headers of the maps that begin there, and the keys. */
function* leavesOf(tree: Tree, before: Buffer = Buffer.alloc(0)): Generator<[weight: WeightInfo, before: Buffer]> {
  let pending = Buffer.concat([before, mapHeader(tree.size)]);
  for (const [key, value] of tree) {
    pending = Buffer.concat([pending, encode(key)]);
    if (value instanceof Map) yield* leavesOf(value, pending);
    else yield [value, pending];
    pending = Buffer.alloc(0);
  }
}

function mapHeader(size: number): Buffer {
  return size < 16 ? Buffer.of(0x80 | size) : Buffer.of(0xde, size >> 8, size & 0xff);
}

function arrayHeader(weight: WeightInfo): Buffer {
  const length = 4 * elementsOf(weight);
  const inner = Buffer.concat([
    Buffer.of(0x93),
    encode(kernelShape(weight)),
    encode('float32'),
    sized({ codes: [0xc4, 0xc5, 0xc6], length }),
  ]);
  return Buffer.concat([
    sized({ codes: [0xc7, 0xc8, 0xc9], length: inner.length + length }),
    Buffer.of(arrayExtension),
    inner,
  ]);
}

/** A header with a length of 8, 16 or 32 bits. (Lengths of 1, 2, 4, 8 and 16 have shorter extension headers; an array is longer than that.) */
function sized({ codes, length }: { codes: readonly [number, number, number]; length: number }): Buffer {
  if (length < 2 ** 8) return Buffer.of(codes[0], length);
  const header = Buffer.alloc(length < 2 ** 16 ? 3 : 5);
  header.writeUInt8(length < 2 ** 16 ? codes[1] : codes[2]);
  if (length < 2 ** 16) header.writeUInt16BE(length, 1);
  else header.writeUInt32BE(length, 1);
  return header;
}
