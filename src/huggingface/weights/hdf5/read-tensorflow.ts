/** Reads tf_model.h5 as Keras does: from the list of layers to the lists of their weights to plain, uncompressed data sets. */
import { statSync } from 'node:fs';
import type { Dataset, File } from 'h5wasm/node';
import { ModelError } from '../../model-error.ts';
import { asPytorch, type Kept } from '../kernels.ts';
import { type TensorFile, tensorNamed } from '../tensor-file.ts';
import { type TensorInfo, type TensorType, tensorBytes } from '../tensor-type.ts';
import { bytesOf } from '../weight.ts';
import { type Hdf5File, openHdf5 } from './library.ts';
import { nameOfKerasName } from './tensorflow-names.ts';

const floatTypes: Readonly<Record<number, TensorType>> = { 2: 'float16', 4: 'float32', 8: 'float64' };

export async function readTensorflow(path: string): Promise<TensorFile> {
  const { size } = statSync(path);
  const file = await openHdf5(path, 'r');
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof ModelError) throw error;
      throw new ModelError(`${path} is not a whole HDF5 file of Keras: ${(error as Error).message}`);
    }
  };
  try {
    return explained(() => {
      const names = new Map<string, Kept>();
      const tensors = new Map<string, TensorInfo>();
      for (const [key, keras] of dataSetPaths(file.root)) {
        const known = nameOfKerasName(keras);
        if (known === undefined || names.has(known.name)) continue;
        tensors.set(key, checkedInfo(file, key, size, path));
        names.set(known.name, { key, transposed: known.transposed });
      }
      const read = (key: string): Buffer => {
        tensorNamed(tensors, key, path);
        const { buffer, byteOffset, byteLength } = bytesOf((file.root.get(key) as Dataset).value as Float32Array);
        return Buffer.from(buffer, byteOffset, byteLength);
      };
      return asPytorch({ path, tensors, read: (key) => explained(() => read(key)), close: file.close }, names);
    });
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Paths of the data sets that the layers list, with their names in Keras. */
function* dataSetPaths(root: File): Generator<[path: string, keras: string]> {
  for (const layer of stringsIn(root, '/', 'layer_names')) {
    for (const keras of stringsIn(root, `/${layer}`, 'weight_names')) yield [`/${layer}/${keras}`, keras];
  }
}

function stringsIn(root: File, path: string, name: string): readonly string[] {
  const group = root.get(path);
  const value: unknown = group !== null && 'attrs' in group ? group.attrs[name]?.value : undefined;
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) {
    throw new Error(`${path} has no list ${name}`);
  }
  return value;
}

/** What its header says is held against the size of the file before any of it is read. */
function checkedInfo({ root, library }: Hdf5File, key: string, fileSize: number, path: string): TensorInfo {
  const refuse = (why: string): never => {
    throw new ModelError(`${path}: ${key} is refused: ${why}`);
  };
  if (root.get_type(key) !== library.Module.H5G_DATASET) refuse('it is not a data set of this file');
  const dataSet = root.get(key) as Dataset;
  const { type, size, shape, littleEndian, chunks, virtual_sources } = dataSet.metadata;
  const dtype = type === library.Module.H5T_class_t.H5T_FLOAT.value && littleEndian ? floatTypes[size] : undefined;
  if (dtype === undefined) return refuse('its elements are not little-endian floating-point numbers');
  if (chunks !== null || virtual_sources !== undefined || dataSet.filters.length > 0) {
    refuse('it is compressed or in pieces, which Keras never does to weights');
  }
  const info = { dtype, shape: shape ?? [] };
  const bytes = tensorBytes(info);
  if (bytes === undefined || bytes > fileSize) refuse(`a file of ${fileSize} bytes does not hold its shape [${shape}]`);
  return info;
}
