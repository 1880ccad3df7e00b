/** The thread that lays out tf_model.h5. HDF5's memory is given back when it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Group } from 'h5wasm/node';
import { elementsOf, kernelShape, type WeightInfo } from '../weight.ts';
import { type Hdf5File, openHdf5 } from './library.ts';
import { kerasName, layers, layerWeights } from './tensorflow-names.ts';

export interface Hdf5Setup {
  readonly path: string;
  readonly weights: readonly WeightInfo[];
}

/** Where each weight goes, or what went wrong. */
export type Hdf5Reply =
  | { readonly offsets: ReadonlyMap<string, number> }
  | { readonly failure: { readonly message: string; readonly code?: string | undefined; readonly path: string } };

// HDF5 notes when each data set was made. In this thread no time passes, so that the same weights give the same file.
Date.now = () => 0;

const { path, weights } = workerData as Hdf5Setup;

async function layOut(): Promise<ReadonlyMap<string, number>> {
  const file = await openHdf5(path, 'w');
  const offsets = new Map(weights.map((weight) => [weight.name, placeOf(file, weight)]));
  writeNames(file);
  file.close();
  return offsets;
}

/** Makes the data set of a weight and returns where in the file the library puts its elements. */
function placeOf(file: Hdf5File, weight: WeightInfo): number {
  const parts = [layerOf(weight.name), ...kerasName(weight).split('/')];
  const group = groupAt(file.root, parts.slice(0, -1));
  return file.placeFloats(`${group.path}/${parts.at(-1)}`, kernelShape(weight), elementsOf(weight));
}

/** A group below another one, and those between them. */
function groupAt(root: Group, parts: readonly string[]): Group {
  return parts.reduce(
    (group, part) => (group.keys().includes(part) ? (group.get(part) as Group) : group.create_group(part)),
    root,
  );
}

function layerOf(name: string): string {
  return layers.find(({ begins }) => name.startsWith(begins))!.name;
}

/** What Keras reads first: the layers, and the weights of each in the order of the layer's list. */
function writeNames({ root }: Hdf5File): void {
  root.create_attribute(
    'layer_names',
    layers.map(({ name }) => name),
  );
  root.create_attribute('backend', 'tensorflow');
  root.create_attribute('keras_version', '2.12.0');
  for (const layer of layers) {
    const group = groupAt(root, [layer.name]);
    const own = new Set(weights.filter(({ name }) => layerOf(name) === layer.name).map(kerasName));
    const names = layerWeights(layer, weights);
    group.create_attribute('weight_names', names);
    // What a layer shares with another one is linked, not written again.
    for (const name of names.filter((each) => !own.has(each))) {
      const parts = name.split('/');
      groupAt(group, parts.slice(0, -1)).create_hard_link(`/bert/${name}`, parts.at(-1)!);
    }
  }
  groupAt(root, ['top_level_model_weights']).create_attribute('weight_names', new Float64Array(), [0]);
}

layOut().then(
  (offsets) => parentPort!.postMessage({ offsets } satisfies Hdf5Reply),
  ({ message, code }: NodeJS.ErrnoException) =>
    parentPort!.postMessage({ failure: { message, code, path } } satisfies Hdf5Reply),
);
