/** One update from one batch, and the model's answers for one: a traced graph for each padded length that occurs. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { createDropout, type DropoutSeed, noDropout } from '../../bert/model/dropout.ts';
import type { EncoderInput, EncoderOptions } from '../../bert/model/encoder.ts';
import { createOperations, type Gelu } from '../../bert/model/operations.ts';
import type { Moments } from '../../bert/training/moments.ts';
import { applyAdamW, clipByGlobalNorm, type OptimizerConfig } from '../../bert/training/optimizer.ts';
import type { TrainedNumbers } from '../../bert/training/training-step.ts';
import type { Device } from '../../devices/device.ts';
import { eagerProgram } from '../../trace/eager.ts';
import { type Program, type TracedFunction, trace, type UpdateInPlace } from '../../trace/trace.ts';
import { taskLogits, taskLoss } from '../model/task-model.ts';
import type { TaskWeights } from '../model/task-weights.ts';
import { choiceCount, type TaskKind } from '../tasks/task.ts';
import type { TaskBatch } from './batches.ts';

/** AdamW of transformers 4.9, without decay. */
export const fineTuningOptimizer: OptimizerConfig = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clipNorm: 1,
};

export interface FineTuningConfig extends EncoderOptions {
  readonly kind: TaskKind;
  readonly gelu: Gelu;
  /** Examples in a batch. */
  readonly batchSize: number;
  /** Padded lengths of the batches to train on, and to predict. */
  readonly trainingLengths: readonly number[];
  readonly predictionLengths: readonly number[];
  /** Recorded as graphs; only on TensorFlow. */
  readonly traced: boolean;
}

export interface FineTuningStep {
  /** Updates the weights in place. `seed`: a 32-bit integer that the step's dropout follows from. */
  train(
    batch: TaskBatch,
    rate: number,
    update: number,
    seed: number,
  ): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  /** Logits of each example of the batch: [C], or [2][S] for spans. */
  predict(batch: TaskBatch): Promise<Float32Array[][]>;
  /** What has been trained so far. */
  snapshot(): Promise<TrainedNumbers>;
  /** Operations of the traced graphs, none when eager. */
  readonly operations: number;
  dispose(): void;
}

type Inputs = Readonly<Record<string, Tensor>>;

/** Takes over the variables: weights and moments are read and freed through the step from here on. */
export function createFineTuningStep(
  device: Device,
  weights: TaskWeights,
  moments: Moments,
  config: FineTuningConfig,
): FineTuningStep {
  const { tf } = device;
  const { kind, batchSize } = config;
  const trained = weights.trained.map((variable) => variable.device);
  const rows = kind === 'choice' ? batchSize * choiceCount : batchSize;
  const ops = createOperations(device, config.gelu);
  const usesDropout = config.dropoutRate + config.attentionDropoutRate > 0;
  // The words for masks that are drawn on the host; on TensorFlow the seed is an input like any other.
  let words: DropoutSeed['words'] = [0, 0];

  const encoderInput = (inputs: Inputs, positions: number): EncoderInput => ({
    batch: rows,
    positions,
    wordIds: inputs.wordIds as Tensor1D,
    typeIds: inputs.typeIds as Tensor1D,
    inputMask: inputs.inputMask as Tensor2D,
  });
  const textInputs = ({ wordIds, typeIds, inputMask, positions }: TaskBatch): Inputs => ({
    wordIds: tf.tensor1d(wordIds, 'int32'),
    typeIds: tf.tensor1d(typeIds, 'int32'),
    inputMask: tf.tensor2d(inputMask, [rows, positions]),
  });
  const trainingInputs = (batch: TaskBatch, adam: number): Inputs => ({
    ...textInputs(batch),
    targets: kind === 'regression' ? tf.tensor1d(batch.targets) : tf.tensor1d(Int32Array.from(batch.targets), 'int32'),
    weights: tf.tensor1d(Float32Array.from({ length: batchSize }, (_, i) => (i < batch.size ? 1 / batch.size : 0))),
    adam: tf.scalar(adam),
    ...(usesDropout && { seed: tf.tensor1d([...words], 'int32') }),
  });

  const update = (inputs: Inputs, positions: number, inPlace?: UpdateInPlace): Record<string, Tensor> => {
    const dropout = usesDropout ? createDropout(device, { words, tensor: inputs.seed as Tensor1D }) : noDropout;
    const { value, grads } = tf.variableGrads(() => {
      const logits = taskLogits(device, ops, kind, weights, encoderInput(inputs, positions), config, dropout);
      return taskLoss(device, ops, kind, logits, inputs.targets!, inputs.weights as Tensor1D);
    }, trained);
    const gradient = trained.map((weight) => grads[weight.name]!);
    const { clipped, norm } = clipByGlobalNorm(device, gradient, fineTuningOptimizer.clipNorm, 1e-6);
    const rates = { decay: tf.scalar(0), adam: inputs.adam as Scalar };
    applyAdamW(device, weights, moments, clipped, rates, fineTuningOptimizer, inPlace);
    return { loss: tf.keep(value), gradientNorm: tf.keep(norm) };
  };
  const answer = (inputs: Inputs, positions: number): Record<string, Tensor> => ({
    logits: tf.keep(taskLogits(device, ops, kind, weights, encoderInput(inputs, positions), config, noDropout)),
  });
  const tidied = (inputs: Inputs, run: TracedFunction['run']): TracedFunction => ({
    inputs,
    run: (given, inPlace) => tf.tidy(() => run(given, inPlace)),
  });
  const blank = (positions: number): TaskBatch => ({
    size: batchSize,
    positions,
    wordIds: new Int32Array(rows * positions),
    typeIds: new Int32Array(rows * positions),
    inputMask: new Float32Array(rows * positions).fill(1),
    targets: new Float32Array(kind === 'span' ? 2 * batchSize : batchSize),
  });
  const functions = Object.fromEntries([
    ...config.trainingLengths.map((length) => [
      `train${length}`,
      tidied(trainingInputs(blank(length), 0), (inputs, inPlace) => update(inputs, length, inPlace)),
    ]),
    ...config.predictionLengths.map((length) => [
      `predict${length}`,
      tidied(textInputs(blank(length)), (inputs) => answer(inputs, length)),
    ]),
  ]) as Record<string, TracedFunction>;
  const program: Program = (config.traced ? trace : eagerProgram)(
    tf,
    [...trained, ...moments.m, ...moments.v],
    functions,
  );
  const call = async (name: string, inputs: Inputs): Promise<Readonly<Record<string, ArrayLike<number>>>> => {
    const outputs = await program.call(name, inputs);
    tf.dispose({ ...inputs });
    return outputs;
  };

  return {
    async train(batch, rate, update, seed) {
      words = [seed, 0];
      const { beta1, beta2 } = fineTuningOptimizer;
      const adam = (rate * Math.sqrt(1 - beta2 ** update)) / (1 - beta1 ** update);
      const { loss, gradientNorm } = await call(`train${batch.positions}`, trainingInputs(batch, adam));
      return { loss: loss![0]!, gradientNorm: gradientNorm![0]! };
    },
    async predict(batch) {
      const { logits } = (await call(`predict${batch.positions}`, textInputs(batch))) as { logits: Float32Array };
      const groups = kind === 'span' ? 2 : 1;
      const width = logits.length / (groups * batchSize);
      return Array.from({ length: batch.size }, (_, i) =>
        Array.from({ length: groups }, (_, group) => {
          const begin = (group * batchSize + i) * width;
          return logits.slice(begin, begin + width);
        }),
      );
    },
    async snapshot() {
      const numbers = await program.snapshot();
      return (i, which) => numbers(i + trained.length * ['weight', 'm', 'v'].indexOf(which)) as Float32Array;
    },
    operations: program.operations,
    dispose: () => program.dispose(),
  };
}
