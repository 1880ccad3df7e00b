/** The thread that writes tf_model.h5: HDF5's memory is given back when it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Group } from 'h5wasm/node';
import { kernelShape, type WeightInfo } from '../weight.ts';
import { type Hdf5File, openHdf5 } from './library.ts';
import { kerasName, layers, layerWeights } from './tensorflow-names.ts';

export interface Hdf5Setup {
  readonly path: string;
  readonly weights: readonly WeightInfo[];
}

export type Hdf5Job = { readonly weight: WeightInfo; readonly kernel: Float32Array } | 'finish';

export type Hdf5Reply = { readonly error?: Error & { readonly code?: string; readonly path?: string } };

// HDF5 notes when each data set was made. In this thread no time passes, so that the same weights give the same file.
Date.now = () => 0;

const { path, weights } = workerData as Hdf5Setup;
const port = parentPort!;

/** A group and those above it. */
function groupAt(root: Group, parts: readonly string[]): Group {
  return parts.reduce(
    (group, part) => (group.keys().includes(part) ? (group.get(part) as Group) : group.create_group(part)),
    root,
  );
}

function layerOf(name: string): string {
  return layers.find(({ begins }) => name.startsWith(begins))!.name;
}

function writeWeight({ root }: Hdf5File, weight: WeightInfo, kernel: Float32Array): void {
  const parts = [layerOf(weight.name), ...kerasName(weight).split('/')];
  groupAt(root, parts.slice(0, -1)).create_dataset({
    name: parts.at(-1)!,
    data: kernel,
    shape: [...kernelShape(weight)],
  });
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
    const names = layerWeights(layer, weights);
    group.create_attribute('weight_names', names);
    // What a layer shares with another one is linked, not written again.
    for (const name of names.filter(
      (each) => !weights.some((own) => layerOf(own.name) === layer.name && kerasName(own) === each),
    )) {
      const parts = name.split('/');
      groupAt(group, parts.slice(0, -1)).create_hard_link(`/bert/${name}`, parts.at(-1)!);
    }
  }
  groupAt(root, ['top_level_model_weights']).create_attribute('weight_names', new Float64Array(), [0]);
}

let file: Hdf5File | undefined;

async function answer(job: Hdf5Job): Promise<void> {
  file ??= await openHdf5(path, 'w');
  if (job === 'finish') {
    writeNames(file);
    file.close();
  } else {
    writeWeight(file, job.weight, job.kernel);
    file.check();
  }
}

port.on('message', (job: Hdf5Job) => {
  answer(job).then(
    () => port.postMessage({} satisfies Hdf5Reply),
    (error: Error) => port.postMessage({ error } satisfies Hdf5Reply),
  );
});
