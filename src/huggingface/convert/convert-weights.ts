/** From a checkpoint to weight files, one variable at a time: each is read once, and written to every file. */
import { join } from 'node:path';
import type { Architecture } from '../../bert/model/architecture.ts';
import type { Checkpoint } from '../../bert/training/checkpoint.ts';
import { CheckpointError } from '../../tensorflow/bundle/error.ts';
import { transpose } from '../tensor-names.ts';
import { writeTensorflow } from '../weights/hdf5/write-tensorflow.ts';
import { writeFlax } from '../weights/msgpack/write-flax.ts';
import { writePytorch } from '../weights/pytorch/write-pytorch.ts';
import { writeSafetensors } from '../weights/safetensors/write-safetensors.ts';
import type { OpenWriter, Weight, WeightWriter } from '../weights/weight.ts';
import { type ModelWeight, modelWeights } from './model-weights.ts';

/** In the order in which a weight goes to them: TensorFlow's thread keeps what it is given. */
const writers = {
  safetensors: { file: 'model.safetensors', open: writeSafetensors },
  pytorch: { file: 'pytorch_model.bin', open: writePytorch },
  flax: { file: 'flax_model.msgpack', open: writeFlax },
  tensorflow: { file: 'tf_model.h5', open: writeTensorflow },
} as const satisfies Record<string, { file: string; open: OpenWriter }>;

export const weightFormats = [
  'safetensors',
  'pytorch',
  'tensorflow',
  'flax',
] as const satisfies (keyof typeof writers)[];

export type WeightFormat = (typeof weightFormats)[number];

export type ConversionProgress = (done: number, total: number) => void;

/** Writes the weights of `checkpoint` below `directory`. Throws `CheckpointError` if it lacks one or a shape is another. */
export async function convertWeights(
  checkpoint: Checkpoint,
  architecture: Architecture,
  directory: string,
  formats: readonly WeightFormat[],
  progress: ConversionProgress,
  signal: AbortSignal,
): Promise<void> {
  const weights = modelWeights(architecture);
  refuseIncomplete(checkpoint, weights);
  const open: WeightWriter[] = [];
  try {
    for (const [format, { file, open: openWriter }] of Object.entries(writers)) {
      if (formats.some((wanted) => wanted === format)) open.push(await openWriter(join(directory, file), weights));
    }
    for (const [i, weight] of weights.entries()) {
      signal.throwIfAborted();
      const loaded = load(checkpoint, weight);
      for (const writer of open) await writer.write(loaded);
      progress(i + 1, weights.length);
    }
    for (const writer of open) await writer.finish();
  } catch (error) {
    for (const writer of open) await writer.abort();
    throw error;
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

function load(checkpoint: Checkpoint, { name, shape, transposed, variable }: ModelWeight): Weight {
  const kernel = checkpoint.weight(variable);
  const values = transposed ? transpose(kernel, shape[1]!, shape[0]!) : kernel;
  return { name, shape, transposed, values, kernel };
}
