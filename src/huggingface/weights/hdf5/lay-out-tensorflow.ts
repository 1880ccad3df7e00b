/** Writes tf_model.h5. */
import type { Group } from 'h5wasm/node';
import { elementsOf, kernelShape, type LayOut, type WeightInfo } from '../weight.ts';
import { type Hdf5File, openHdf5 } from './library.ts';
import { kerasName, layers, layerWeights } from './tensorflow-names.ts';

/** Each data set is made when its place is asked for, so that threads write the first ones meanwhile. */
export const layOutTensorflow: LayOut = async (path, weights) => {
  const file = await openHdf5(path, 'w');
  const groupAt = groupsOf(file);
  return {
    path,
    holds: 'kernels',
    placeOf: (weight) => withClockAtZero(() => placeOf(file, groupAt, weight)),
    finish: () =>
      withClockAtZero(() => {
        writeNames(file, weights, groupAt);
        file.close();
      }),
    abandon: file.abandon,
  };
};

/** HDF5 notes when each data set was made. Here no time passes, so that the same weights give the same file. */
function withClockAtZero<T>(work: () => T): T {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}

/** A group by its path, e.g. `/bert/bert`. */
type GroupAt = (path: string) => Group;

/** Makes groups, and those between them, when they are first asked for. (To ask the file which it has takes long.) */
function groupsOf(file: Hdf5File): GroupAt {
  const made = new Map<string, Group>([['', file.root]]);
  return function groupAt(path): Group {
    const known = made.get(path);
    if (known !== undefined) return known;
    groupAt(parentOf(path));
    const group = file.makeGroup(path);
    made.set(path, group);
    return group;
  };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Makes the data set of a weight and returns where in the file the library puts its elements. */
function placeOf(file: Hdf5File, groupAt: GroupAt, weight: WeightInfo): number {
  const path = `/${layerOf(weight.name)}/${kerasName(weight)}`;
  groupAt(parentOf(path));
  return file.placeFloats(path, kernelShape(weight), elementsOf(weight));
}

function layerOf(name: string): string {
  return layers.find(({ begins }) => name.startsWith(begins))!.name;
}

/** What Keras reads first: the layers, and the weights of each in the order of the layer's list. */
function writeNames({ root }: Hdf5File, weights: readonly WeightInfo[], groupAt: GroupAt): void {
  root.create_attribute(
    'layer_names',
    layers.map(({ name }) => name),
  );
  root.create_attribute('backend', 'tensorflow');
  root.create_attribute('keras_version', '2.12.0');
  for (const layer of layers) {
    const own = new Set(weights.filter(({ name }) => layerOf(name) === layer.name).map(kerasName));
    const names = layerWeights(layer, weights);
    groupAt(`/${layer.name}`).create_attribute('weight_names', names);
    // What a layer shares with another one is linked, not written again.
    for (const name of names.filter((each) => !own.has(each))) {
      const path = `/${layer.name}/${name}`;
      const parent = parentOf(path);
      groupAt(parent).create_hard_link(`/bert/${name}`, path.slice(parent.length + 1));
    }
  }
  groupAt('/top_level_model_weights').create_attribute('weight_names', new Float64Array(), [0]);
}
