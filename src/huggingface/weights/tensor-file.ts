/** What every reader of weights gives: the tensors that a file names, and their bytes when they are asked for. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ModelError } from '../model-error.ts';
import { type TensorInfo, tensorBytes } from './tensor-type.ts';

export interface TensorFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** A tensor's little-endian elements, row-major, at an aligned offset. Throws `ModelError` if there is no such tensor. */
  read(name: string): Buffer;
  close(): void;
}

/** Where a run of bytes is in a file. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface TensorExtent extends TensorInfo, Extent {}

/** A file opened for reading at any place. */
export interface RandomAccess {
  readonly path: string;
  readonly size: number;
  /** Exactly these bytes, in memory of their own. Refuses, before it allocates, what lies outside the file. */
  read(extent: Extent): Buffer;
  close(): void;
}

/** The system reads less than 2 GiB at once. */
const mostAtOnce = 2 ** 30;

export function openRandomAccess(path: string): RandomAccess {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  return {
    path,
    size,
    read({ offset, length }) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
        throw new ModelError(`${path} is truncated: bytes ${offset} to ${offset + length} of ${size} are asked for`);
      }
      const bytes = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, Math.min(length - done, mostAtOnce), offset + done);
        if (count === 0) throw new ModelError(`${path} became shorter while it was read`);
        done += count;
      }
      return bytes;
    },
    close: () => closeSync(file),
  };
}

/** A file whose tensors are each one run of bytes. Throws `ModelError` if a shape and its extent disagree. */
export function extentFile(access: RandomAccess, extents: ReadonlyMap<string, TensorExtent>): TensorFile {
  for (const [name, extent] of extents) {
    if (tensorBytes(extent) !== extent.length) {
      const { dtype, shape, length } = extent;
      throw new ModelError(`${access.path}: tensor ${name}, ${dtype} of shape [${shape}], cannot have ${length} bytes`);
    }
  }
  return {
    path: access.path,
    tensors: new Map([...extents].map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
    read: (name) => access.read(tensorNamed(extents, name, access.path)),
    close: access.close,
  };
}

/** Throws `ModelError` where two extents overlap or one lies outside `[begin, end)`. */
export function checkDisjoint(extents: ReadonlyMap<string, Extent>, begin: number, end: number, path: string): void {
  let free = begin;
  let previous = '';
  for (const [name, { offset, length }] of [...extents].sort(([, a], [, b]) => a.offset - b.offset)) {
    if (length === 0) continue;
    if (offset < free) throw new ModelError(`${path}: ${name} begins inside ${previous || 'the header'}`);
    if (offset + length > end) throw new ModelError(`${path} is truncated, or forged: ${name} runs past its end`);
    free = offset + length;
    previous = name;
  }
}

export function tensorNamed<T>(tensors: ReadonlyMap<string, T>, name: string, path: string): T {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new ModelError(`${path} has no tensor ${name}`);
  return tensor;
}

/** Opens, and closes again if reading what the file says of itself fails. */
export async function withAccess<T>(path: string, read: (access: RandomAccess) => T | Promise<T>): Promise<T> {
  const access = openRandomAccess(path);
  try {
    return await read(access);
  } catch (error) {
    access.close();
    throw error;
  }
}
