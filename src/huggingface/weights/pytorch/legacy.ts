/**
 * What torch.save wrote before PyTorch 1.6, as the earlier published models are: five pickles in a row (a magic number, the protocol, the
 * machine, the state dict, the keys of the storages), then for each key the number of its elements as 64 bits and the elements.
 */
import { ModelError } from '../../model-error.ts';
import type { Extent, RandomAccess } from '../tensor-file.ts';
import { elementBytes } from '../tensor-type.ts';
import type { Layout } from './read-pytorch.ts';
import { tensorsIn, type Value } from './torch-objects.ts';
import { unpickle } from './unpickle.ts';

const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;
/** The pickles say nothing but names and shapes: they are in the first bytes of the file. */
const maxPicklesLength = 1 << 26;

/** A pickle of protocol 2 stands at the beginning, where a zip archive has its signature. */
export function isLegacy(access: RandomAccess): boolean {
  return access.size >= 2 && access.read({ offset: 0, length: 2 }).equals(Buffer.of(0x80, 2));
}

export function readLegacyLayout(access: RandomAccess): Layout {
  const { path, size } = access;
  const bytes = access.read({ offset: 0, length: Math.min(size, maxPicklesLength) });
  let at = 0;
  const next = (): Value => {
    const { value, end } = unpickle(bytes, path, at);
    at = end;
    return value;
  };
  if (next() !== magic || next() !== protocol) throw new ModelError(`${path} is not a file of torch.save`);
  const machine = next();
  if (machine instanceof Map && machine.get('little_endian') === false) {
    throw new ModelError(`${path} was written on a big-endian machine, which is not supported`);
  }
  const tensors = tensorsIn(next());
  const keys = next();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    throw new ModelError(`${path} is damaged: it does not list its storages`);
  }
  const types = new Map([...tensors.values()].map(({ storage }) => [storage.key, storage.dtype]));
  const storages = new Map<string, Extent>();
  for (const key of keys) {
    const dtype = types.get(key);
    // Without its type the length of a storage is unknown, and so is where the next one begins.
    if (dtype === undefined) throw new ModelError(`${path} is damaged: no tensor uses its storage ${key}`);
    const length = Number(access.read({ offset: at, length: 8 }).readBigUInt64LE()) * elementBytes[dtype];
    storages.set(key, { offset: at + 8, length });
    at += 8 + length;
  }
  return { tensors, storages };
}
