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
  const groupAt = groupsOf(file.root);
  const offsets = new Map(weights.map((weight) => [weight.name, placeOf(file, groupAt, weight)]));
  writeNames(file, groupAt);
  file.close();
  return offsets;
}

/** A group by its path, e.g. `bert/bert`. */
type GroupAt = (path: string) => Group;

/** Makes groups, and those between them, when they are first asked for. (To ask the file which it has takes long.) */
function groupsOf(root: Group): GroupAt {
  const made = new Map<string, Group>([['', root]]);
  return function groupAt(path): Group {
    const [parent, name] = split(path);
    const group = made.get(path) ?? groupAt(parent).create_group(name);
    made.set(path, group);
    return group;
  };
}

/** What is before a path's last slash, and what behind. */
function split(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
}

/** Makes the data set of a weight and returns where in the file the library puts its elements. */
function placeOf(file: Hdf5File, groupAt: GroupAt, weight: WeightInfo): number {
  const path = `${layerOf(weight.name)}/${kerasName(weight)}`;
  groupAt(split(path)[0]);
  return file.placeFloats(`/${path}`, kernelShape(weight), elementsOf(weight));
}

function layerOf(name: string): string {
  return layers.find(({ begins }) => name.startsWith(begins))!.name;
}

/** What Keras reads first: the layers, and the weights of each in the order of the layer's list. */
function writeNames({ root }: Hdf5File, groupAt: GroupAt): void {
  root.create_attribute(
    'layer_names',
    layers.map(({ name }) => name),
  );
  root.create_attribute('backend', 'tensorflow');
  root.create_attribute('keras_version', '2.12.0');
  for (const layer of layers) {
    const own = new Set(weights.filter(({ name }) => layerOf(name) === layer.name).map(kerasName));
    const names = layerWeights(layer, weights);
    groupAt(layer.name).create_attribute('weight_names', names);
    // What a layer shares with another one is linked, not written again.
    for (const name of names.filter((each) => !own.has(each))) {
      const [parent, last] = split(`${layer.name}/${name}`);
      groupAt(parent).create_hard_link(`/bert/${name}`, last);
    }
  }
  groupAt('top_level_model_weights').create_attribute('weight_names', new Float64Array(), [0]);
}

layOut().then(
  (offsets) => parentPort!.postMessage({ offsets } satisfies Hdf5Reply),
  ({ message, code }: NodeJS.ErrnoException) =>
    parentPort!.postMessage({ failure: { message, code, path } } satisfies Hdf5Reply),
);
