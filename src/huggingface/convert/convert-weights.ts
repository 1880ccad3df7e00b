/** From a checkpoint to weight files: the files are laid out, then threads carry one weight at a time to its places in all of them. */
import { join } from 'node:path';
import type { Architecture } from '../../bert/model/architecture.ts';
import type { Checkpoint } from '../../bert/training/checkpoint.ts';
import { CheckpointError } from '../../tensorflow/bundle/error.ts';
import { startWorkers } from '../../threads/workers.ts';
import { layOutTensorflow } from '../weights/hdf5/lay-out-tensorflow.ts';
import { loadHdf5 } from '../weights/hdf5/library.ts';
import { layOutFlax } from '../weights/msgpack/lay-out-flax.ts';
import { layOutPytorch } from '../weights/pytorch/lay-out-pytorch.ts';
import { layOutSafetensors } from '../weights/safetensors/write-safetensors.ts';
import type { LaidOut, LayOut } from '../weights/weight.ts';
import type { ConvertAnswer, ConvertJob } from './convert-worker.ts';
import { type ModelWeight, modelWeights } from './model-weights.ts';

export const weightFormats = ['safetensors', 'pytorch', 'tensorflow', 'flax'] as const;

export type WeightFormat = (typeof weightFormats)[number];

const files: Readonly<Record<WeightFormat, { readonly name: string; readonly layOut: LayOut }>> = {
  safetensors: { name: 'model.safetensors', layOut: layOutSafetensors },
  pytorch: { name: 'pytorch_model.bin', layOut: layOutPytorch },
  tensorflow: { name: 'tf_model.h5', layOut: layOutTensorflow },
  flax: { name: 'flax_model.msgpack', layOut: layOutFlax },
};

/** Each holds a kernel and a band of the weight; more threads than these wait for the disk. */
const maxThreads = 4;

export interface WeightConversion {
  readonly checkpoint: Checkpoint;
  readonly architecture: Architecture;
  /** Existing, and without weight files. */
  readonly directory: string;
  readonly progress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

export interface WeightConverter {
  /** Throws `CheckpointError` if the checkpoint lacks a weight or a shape is another. */
  convert(conversion: WeightConversion): Promise<void>;
  close(): Promise<void>;
}

/** Its threads start, and HDF5's library is compiled, while the caller goes on: it takes as long as half the carrying. */
export function startWeightConverter(formats: readonly WeightFormat[], threads: number): WeightConverter {
  const workers = startWorkers<ConvertJob, ConvertAnswer, undefined>(
    new URL(`./convert-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
    undefined,
    Math.max(1, Math.min(threads, maxThreads)),
  );
  // An error is told when a file is laid out.
  if (formats.includes('tensorflow')) loadHdf5().catch(() => {});
  return {
    async convert({ checkpoint, architecture, directory, progress, signal }) {
      const weights = modelWeights(architecture);
      refuseIncomplete(checkpoint, weights);
      refuseDeeper(checkpoint, architecture);
      const laidOut = await Promise.all(
        weightFormats
          .filter((format) => formats.includes(format))
          .map(async (format) => files[format].layOut(join(directory, files[format].name), weights)),
      );
      try {
        const checksums = new Map<string, number>();
        for await (const answer of workers.mapUnordered(jobsOf(weights, checkpoint, laidOut))) {
          if ('failure' in answer) throw Object.assign(new Error(answer.failure.message), answer.failure);
          checksums.set(answer.name, answer.checksum);
          progress(checksums.size, weights.length);
          signal.throwIfAborted();
        }
        for (const { finish } of laidOut) finish?.(checksums);
      } catch (error) {
        for (const { abandon } of laidOut) abandon?.();
        throw error;
      }
    },
    close: workers.close,
  };
}

/** A job a weight, whose places are found when it is its turn: the threads carry those before it meanwhile. */
function* jobsOf(
  weights: readonly ModelWeight[],
  checkpoint: Checkpoint,
  files: readonly LaidOut[],
): Generator<{ readonly value: ConvertJob }> {
  for (const { name, shape, transposed, variable } of weights) {
    const weight = { name, shape, transposed };
    const places = files.map(({ path, holds, placeOf }) => ({ path, holds, offset: placeOf(weight) }));
    yield { value: { weight, tensor: checkpoint.storedWeight(variable), places } };
  }
}

function refuseIncomplete(checkpoint: Checkpoint, weights: readonly ModelWeight[]): void {
  const missing = weights.filter(({ variable }) => !checkpoint.has(variable)).map(({ variable }) => variable.key);
  if (missing.length === 0) return;
  const some = missing.slice(0, 3).join(', ');
  throw new CheckpointError(
    `${checkpoint.prefix} lacks ${missing.length} of the model's ${weights.length} variables, e.g. ${some}: is 'model' the configuration that it was trained with?`,
  );
}

/** A model without its last layers would load and answer all the same, wrongly. */
function refuseDeeper(checkpoint: Checkpoint, { layers, ...architecture }: Architecture): void {
  const ofNextLayer = `bert.encoder.layer.${layers}.`;
  const next = modelWeights({ ...architecture, layers: layers + 1 }).filter(({ name }) => name.startsWith(ofNextLayer));
  const found = next.find(({ variable }) => checkpoint.has(variable));
  if (found === undefined) return;
  throw new CheckpointError(
    `${checkpoint.prefix} has more layers than the model's ${layers}, e.g. ${found.variable.key}: is 'model' the configuration that it was trained with?`,
  );
}
