/** The thread that looks into tf_model.h5 as Keras does: from the list of layers to the lists of their weights to plain data sets. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Dataset, File } from 'h5wasm/node';
import { ModelError } from '../../model-error.ts';
import type { TensorExtent } from '../tensor-file.ts';
import { type TensorType, tensorBytes } from '../tensor-type.ts';
import { type Hdf5File, openHdf5 } from './library.ts';

/** By the names of Keras, or why the file is refused. */
export type ListReply = { readonly extents: ReadonlyMap<string, TensorExtent> } | { readonly refused: string };

const floatTypes: Readonly<Record<number, TensorType>> = { 2: 'float16', 4: 'float32', 8: 'float64' };

const path = workerData as string;

/** Three times what the library begins with. A forged length makes it ask for gigabytes; refused, it gives the file up. */
const maxMemory = 2 ** 26;

function boundMemory(): void {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number) {
    if (this.buffer.byteLength + 2 ** 16 * pages > maxMemory)
      throw new RangeError('more memory than a list of weights needs');
    return grow.call(this, pages);
  };
}

async function list(): Promise<ReadonlyMap<string, TensorExtent>> {
  const file = await openHdf5(path, 'r');
  return new Map(dataSetPaths(file.root).map(([place, keras]) => [keras, extentOf(file, place)]));
}

/** Where the layers' weights are, with their names. What two layers list is the same. */
function dataSetPaths(root: File): [path: string, keras: string][] {
  return stringsIn(root, '/', 'layer_names').flatMap((layer) =>
    stringsIn(root, `/${layer}`, 'weight_names').map((keras): [string, string] => [`/${layer}/${keras}`, keras]),
  );
}

function stringsIn(root: File, place: string, name: string): readonly string[] {
  const group = root.get(place);
  const value: unknown = group !== null && 'attrs' in group ? group.attrs[name]?.value : undefined;
  // Of no strings the library makes an array of numbers.
  if (ArrayBuffer.isView(value) && value.byteLength === 0) return [];
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) {
    throw new ModelError(`${path} is not a file of Keras: ${place} has no list ${name}`);
  }
  return value;
}

/** What the header of a data set says, as far as a plain one of floating-point numbers can say it. */
function extentOf({ root, library, findElements }: Hdf5File, place: string): TensorExtent {
  const refuse = (why: string): never => {
    throw new ModelError(`${path}: ${place} is refused: ${why}`);
  };
  if (root.get_type(place) !== library.Module.H5G_DATASET) refuse('it is not a data set of this file');
  const dataSet = root.get(place) as Dataset;
  const { type, size, shape, littleEndian, chunks, virtual_sources } = dataSet.metadata;
  const dtype = type === library.Module.H5T_class_t.H5T_FLOAT.value && littleEndian ? floatTypes[size] : undefined;
  if (dtype === undefined) return refuse('its elements are not little-endian floating-point numbers');
  if (chunks !== null || virtual_sources !== undefined || dataSet.filters.length > 0) {
    refuse('it is compressed or in pieces, which Keras never does to weights');
  }
  const length = tensorBytes({ dtype, shape: shape ?? [] });
  if (length === undefined || !shape?.length) return refuse(`no file holds its shape [${shape}]`);
  return { dtype, shape, offset: findElements(place, shape.length), length };
}

boundMemory();
list().then(
  (extents) => parentPort!.postMessage({ extents } satisfies ListReply),
  ({ name, message }: Error) => {
    const refused = name === 'ModelError' ? message : `${path} is not a whole HDF5 file of Keras: ${message}`;
    parentPort!.postMessage({ refused } satisfies ListReply);
  },
);
