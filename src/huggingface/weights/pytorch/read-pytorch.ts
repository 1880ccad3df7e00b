/** Reads `pytorch_model.bin`: a zip archive of torch.save, a pickle that names the tensors and one stored entry for each storage. */
import { type Entry, openPromise as openZip, type ZipFile } from 'yauzl';
import { ModelError } from '../../model-error.ts';
import {
  checkDisjoint,
  type Extent,
  type RandomAccess,
  type TensorFile,
  tensorNamed,
  withAccess,
} from '../tensor-file.ts';
import { elementBytes, type TensorInfo, tensorBytes } from '../tensor-type.ts';
import { isLegacy, readLegacyLayout } from './legacy.ts';
import { type StoredTensor, tensorsIn } from './torch-objects.ts';
import { unpickle } from './unpickle.ts';

/** What says which tensors there are; a larger pickle is not that of a model. */
const maxPickleLength = 1 << 26;

/** A storage is an entry. An archive of millions, of which a few dozen bytes each are in the file, would take gigabytes to list. */
const maxEntries = 1 << 16;

/** The tensors of a file and where their storages lie in it. */
export interface Layout {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly storages: ReadonlyMap<string, Extent>;
}

/** Opens a state dict, of today's format or that before PyTorch 1.6. Throws `ModelError`; nothing in the file is ever run. */
export function readPytorch(path: string): Promise<TensorFile> {
  return withAccess(path, async (access) => {
    const { tensors, storages } = isLegacy(access) ? readLegacyLayout(access) : await readZipLayout(access);
    if (tensors.size === 0) {
      throw new ModelError(`${path} is no state dict: no tensor has a name in it. Save the model's state_dict() alone`);
    }
    checkDisjoint(storages, 0, access.size, path);
    for (const [name, tensor] of tensors) checkTensor(name, tensor, storages, path);
    return {
      path,
      tensors: new Map(
        [...tensors].map(([name, { storage, shape }]): [string, TensorInfo] => [name, { dtype: storage.dtype, shape }]),
      ),
      read(name) {
        const tensor = tensorNamed(tensors, name, path);
        return contiguous(tensor, access, storages.get(tensor.storage.key)!.offset);
      },
      close: access.close,
    };
  });
}

async function readZipLayout(access: RandomAccess): Promise<Layout> {
  const entries = await zipEntries(access.path);
  const pickleName = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleName === undefined) throw new ModelError(`${access.path} has no data.pkl in it: is it a PyTorch file?`);
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const pickle = entries.get(pickleName)!;
  if (pickle.length > maxPickleLength)
    throw new ModelError(`${access.path}: data.pkl of ${pickle.length} bytes is refused`);
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder !== undefined && byteOrder.length < 16 && String(access.read(byteOrder)) !== 'little') {
    throw new ModelError(`${access.path} was written on a big-endian machine, which is not supported`);
  }
  const begin = `${folder}data/`;
  const storages = [...entries].filter(([name]) => name.startsWith(begin));
  return {
    tensors: tensorsIn(unpickle(access.read(pickle), access.path).value),
    storages: new Map(storages.map(([name, extent]) => [name.slice(begin.length), extent])),
  };
}

/** Where the content of each entry is. Entries are looked up by name only; none is ever written to a path. */
async function zipEntries(path: string): Promise<Map<string, Extent>> {
  let zip: ZipFile | undefined;
  try {
    zip = await openZip(path, { lazyEntries: true, autoClose: false, strictFileNames: true });
    if (zip.entryCount > maxEntries) throw new Error(`it has ${zip.entryCount} entries`);
    const extents = new Map<string, Extent>();
    for await (const entry of zip.eachEntry()) {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      if (extents.has(entry.fileName)) throw new Error(`${entry.fileName} is in it twice`);
      extents.set(entry.fileName, { offset: fileDataStart, length: storedLength(entry) });
    }
    return extents;
  } catch (error) {
    throw new ModelError(`${path} is not a whole PyTorch file: ${(error as Error).message}`);
  } finally {
    zip?.close();
  }
}

function storedLength({ fileName, compressionMethod, compressedSize, uncompressedSize }: Entry): number {
  if (compressionMethod !== 0 || compressedSize !== uncompressedSize) {
    throw new Error(`${fileName} is compressed, which PyTorch's never are`);
  }
  return uncompressedSize;
}

function checkTensor(name: string, tensor: StoredTensor, storages: ReadonlyMap<string, Extent>, path: string): void {
  const { storage, offset, shape, strides } = tensor;
  const extent = storages.get(storage.key);
  if (extent === undefined) throw new ModelError(`${path}: the elements of tensor ${name} are missing`);
  if (extent.length < storage.elements * elementBytes[storage.dtype]) {
    throw new ModelError(`${path}: tensor ${name} has ${storage.elements} elements in ${extent.length} bytes`);
  }
  const bytes = tensorBytes({ dtype: storage.dtype, shape });
  const last = shape.reduce((index, count, axis) => index + (count - 1) * strides[axis]!, offset);
  const fits = bytes === 0 || (bytes !== undefined && bytes <= extent.length && last < storage.elements);
  if (shape.length !== strides.length || !fits) {
    throw new ModelError(
      `${path}: tensor ${name} of shape [${shape}] does not fit in its ${storage.elements} elements`,
    );
  }
}

/** The tensor row by row. Weights that were transposed before they were saved lie column by column. */
function contiguous(tensor: StoredTensor, access: RandomAccess, begin: number): Buffer {
  const { storage, offset, shape, strides } = tensor;
  const size = elementBytes[storage.dtype];
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (isRowMajor(shape, strides)) return access.read({ offset: begin + offset * size, length: count * size });
  const source = access.read({ offset: begin, length: storage.elements * size });
  const result = Buffer.allocUnsafeSlow(count * size);
  const index = shape.map(() => 0);
  for (let i = 0, from = offset; i < count; i++) {
    source.copy(result, i * size, from * size, (from + 1) * size);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
