/**
 * The HDF5 library (h5wasm), confined: it opens the one file that it is asked for and no other, whatever links, external data or filters a
 * file names; and what goes wrong in it is told to the caller, not to the terminal.
 */
import { resolve } from 'node:path';
import type { File, Group } from 'h5wasm/node';
import { ModelError } from '../../model-error.ts';

type Library = typeof import('h5wasm/node');

/** The part of Emscripten's file system that is taken over. */
interface FileSystem {
  readonly ErrnoError: new (errno: number) => Error;
  open(path: string, ...rest: unknown[]): unknown;
  read(stream: unknown, buffer: unknown, offset: number, length: number, position?: number): number;
  write(stream: { readonly fd: number }, buffer: unknown, offset: number, length: number, position?: number): number;
}

export interface Hdf5File {
  readonly library: Library;
  readonly root: File;
  /** Makes a group whose parent is there. (The library's own way looks it up again, which takes longer than to make it.) */
  makeGroup(path: string): Group;
  /**
   * Makes a data set of float32 and returns where in the file its elements go; they are left to the caller. (The library would take them only
   * through its own memory: a copy of each, and one thread for all.)
   */
  placeFloats(path: string, shape: readonly number[], elements: number): number;
  /** Where in the file a data set's elements begin. Throws if it has none there. */
  findElements(path: string, rank: number): number;
  /** Throws the first error of writing that the library met: it does not report one itself. */
  close(): void;
  /** Closes a file that came to nothing, unless it is closed, whatever the library says. */
  abandon(): void;
}

const noEntry = 44; // ENOENT of WASI
const noSpace = 51;
const standardError = 2;

const allowed = new Set<string>();
let loading: Promise<Library> | undefined;
let failure: Error | undefined;

/**
 * HDF5's sieve buffer (H5Pset_sieve_buf_size): elements that it holds are copied into it; of more, the library only hands their place in memory
 * to the write that leaves them out. So no more memory is needed, which would have to grow, and JavaScript's collector with it.
 */
const sieveBytes = 2 ** 16;

/** Stands for a data set's elements: what begins with it is not written, but its place is noted. */
const placeholder = Buffer.from('elements');
/** In the file, where a placeholder would have been written, or something was last read. */
let place: number | undefined;

/** The library, which is compiled while its caller goes on: whoever will need it asks for it early. */
export function loadHdf5(): Promise<Library> {
  loading ??= confinedLibrary();
  return loading;
}

/** Opens or (`w`) makes a file. Throws `ModelError` if it is not HDF5. */
export async function openHdf5(path: string, mode: 'r' | 'w'): Promise<Hdf5File> {
  const library = await loadHdf5();
  const absolute = resolve(path);
  allowed.add(absolute);
  failure = undefined;
  // The bounds that h5py has: such a file is read by every version of the library.
  const root = new library.File(absolute, mode, { libver: ['earliest', 'v200'] });
  if (root.file_id <= 0n) {
    allowed.delete(absolute);
    throw failure ?? new ModelError(`${path} is not an HDF5 file, or not a whole one`);
  }
  const check = (): void => {
    if (failure === undefined) return;
    const full = (failure as { errno?: number }).errno === noSpace;
    const message = full ? 'ENOSPC: no space left on device' : `cannot be written: ${failure.message}`;
    throw Object.assign(new Error(`${path}: ${message}`), { code: full ? 'ENOSPC' : 'EIO', path });
  };
  return {
    library,
    root,
    makeGroup(path) {
      library.Module.create_group(root.file_id, path, false);
      check();
      return new library.Group(root.file_id, path);
    },
    placeFloats(dataSet, shape, elements) {
      const { Module } = library;
      const pointer = Module._malloc(Math.min(Math.max(4 * elements, placeholder.length), sieveBytes));
      Module.HEAPU8.set(placeholder, pointer);
      place = undefined;
      const extents = shape.map(BigInt);
      Module.create_dataset(root.file_id, dataSet, BigInt(pointer), {
        ...library.dtype_to_metadata('<f4'),
        shape: extents,
        maxshape: extents,
      });
      Module._free(pointer);
      check();
      if (place === undefined) throw new Error(`${path}: HDF5 did not say where it puts ${dataSet}`);
      return place;
    },
    findElements(dataSet, rank) {
      const { Module } = library;
      const pointer = Module._malloc(8);
      const [ones, zeros] = [Array<bigint>(rank).fill(1n), Array<bigint>(rank).fill(0n)];
      place = undefined;
      // The first element alone: the last that the library reads for it is the element.
      const status = Module.get_dataset_data(root.file_id, dataSet, ones, zeros, ones, BigInt(pointer));
      Module._free(pointer);
      if (status < 0 || place === undefined) throw new Error(`the elements of ${dataSet} are not in it`);
      return place;
    },
    close() {
      root.close();
      allowed.delete(absolute);
      check();
    },
    abandon() {
      if (allowed.delete(absolute)) root.close();
    },
  };
}

async function confinedLibrary(): Promise<Library> {
  const library = await import('h5wasm/node');
  await library.ready;
  const files = library.FS as unknown as FileSystem;
  const { open, read, write } = files;
  files.open = (path, ...rest) => {
    if (!allowed.has(path)) throw new files.ErrnoError(noEntry);
    return open(path, ...rest);
  };
  files.read = (stream, buffer, offset, length, position) => {
    place = position;
    return read(stream, buffer, offset, length, position);
  };
  files.write = (stream, buffer, offset, length, position) => {
    if (stream.fd === standardError) return length;
    const seen = Math.min(length, placeholder.length);
    const begin = library.Module.HEAPU8.subarray(offset, offset + seen);
    if (seen >= 4 && placeholder.subarray(0, seen).equals(begin)) {
      place = position;
      return length;
    }
    try {
      return write(stream, buffer, offset, length, position);
    } catch (error) {
      failure ??= error as Error;
      throw error;
    }
  };
  return library;
}
