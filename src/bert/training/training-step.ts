/**
 * One update of the weights from one global batch. The batch is cut into `replicas` parts, as Model Garden's cores cut it: each part
 * normalises its losses by its own weights and clips its own gradient, and the clipped gradients are summed (`scale_loss: false`).
 * A part is cut into micro-batches that fit the device; the sum of their gradients is that of the whole part.
 */
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import type { Batch } from '../../pretraining/records/read-batches.ts';
import { eagerProgram } from '../../trace/eager.ts';
import { type Program, type TracedFunction, trace, type UpdateInPlace } from '../../trace/trace.ts';
import { createDropout, type DropoutSeed, noDropout } from '../model/dropout.ts';
import { createOperations, type Gelu } from '../model/operations.ts';
import { type Losses, type ModelOptions, pretrainingLogits, pretrainingLosses } from '../model/pretraining-model.ts';
import type { Weights } from '../model/weights.ts';
import {
  type BatchShape,
  batchOfZeros,
  type Inputs,
  microBatchInputs,
  microBatchOf,
  type Rows,
} from './device-batch.ts';
import type { Moments } from './moments.ts';
import { applyAdamW, clipByGlobalNorm, type OptimizerConfig, type Rates } from './optimizer.ts';

export interface StepConfig extends ModelOptions {
  readonly gelu: Gelu;
  readonly optimizer: OptimizerConfig;
  /** Sequences in a global batch, divisible by `replicas`. */
  readonly batchSize: number;
  readonly replicas: number;
  /** The most sequences that go through the model at once. */
  readonly microBatch: number;
  /** S and P of the records. */
  readonly positions: number;
  readonly predictions: number;
  /** Recorded as one graph; only on TensorFlow. */
  readonly traced: boolean;
}

/** Sums over sequences of what the model got wrong and right. */
export type BatchSums = Readonly<Record<keyof Losses, number>>;

export interface PartSums extends BatchSums {
  /** Σ weights of masked tokens, and sequences. */
  readonly masked: number;
  readonly sequences: number;
}

/** Numbers of the i-th trained weight, of its m or of its v; to be read before the next step. */
export type TrainedNumbers = (i: number, which: 'weight' | 'm' | 'v') => Float32Array;

export interface TrainingStep {
  /** Updates the weights in place. `seed`: a 32-bit integer that the step's dropout follows from. */
  run(batch: Batch, rates: Rates, seed: number): Promise<readonly PartSums[]>;
  /** Losses without dropout and without an update. */
  evaluate(batch: Batch): Promise<PartSums>;
  /** What has been trained so far. */
  snapshot(): Promise<TrainedNumbers>;
  /** Operations of the traced graph, none when eager. */
  readonly operations: number;
  /** Sequences that go through the model at once. */
  readonly microBatch: number;
  dispose(): void;
}

/** Takes over the variables: weights and moments are read and freed through the step from here on. */
export function createTrainingStep(
  device: Device,
  weights: Weights,
  moments: Moments,
  config: StepConfig,
): TrainingStep {
  const { tf } = device;
  const trained = weights.trained.map((variable) => variable.device);
  const count = trained.length;
  const perPart = config.batchSize / config.replicas;
  // Micro-batches are all of one size, that of the trace; the last of a part may end in padding.
  const microBatch = Math.ceil(perPart / Math.ceil(perPart / config.microBatch));
  const shape: BatchShape = { ...config, microBatch };
  const inOneGo = config.replicas === 1 && microBatch === perPart;
  const zeroes = () =>
    inOneGo ? [] : trained.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
  const [partGradient, totalGradient] = [zeroes(), zeroes()];
  const variables = [...trained, ...moments.m, ...moments.v, ...partGradient, ...totalGradient];

  const ops = createOperations(device, config.gelu);
  const usesDropout = config.dropoutRate + config.attentionDropoutRate + config.headDropoutRate > 0;
  // The words for masks that are drawn on the host; on TensorFlow the seed is an input like any other.
  let words: DropoutSeed['words'] = [0, 0];

  const lossesOf = (inputs: Inputs, dropout = noDropout): Losses => {
    const batch = microBatchOf(inputs, shape);
    return pretrainingLosses(device, ops, pretrainingLogits(device, ops, weights.named, batch, config, dropout), batch);
  };
  const kept = (losses: Losses): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(losses).map(([name, sum]) => [name, tf.keep(sum)]));
  const backward = (inputs: Inputs): { gradient: Tensor[]; sums: Record<string, Tensor> } => {
    const dropout = usesDropout ? createDropout(device, { words, tensor: inputs.seed as Tensor1D }) : noDropout;
    let sums: Record<string, Tensor> = {};
    const { grads } = tf.variableGrads(() => {
      const losses = lossesOf(inputs, dropout);
      sums = kept(losses);
      return tf.add(tf.mul(losses.maskedLm, inputs.perMasked!), tf.mul(losses.nextSentence, inputs.perSequence!));
    }, trained);
    return { gradient: trained.map((weight) => grads[weight.name]!), sums };
  };
  const clipped = (gradient: readonly Tensor[]) =>
    clipByGlobalNorm(device, gradient, config.optimizer.clipNorm).clipped;
  const update = (gradient: readonly Tensor[], { decay, adam }: Inputs, inPlace?: UpdateInPlace) => {
    const rates = { decay: decay as Scalar, adam: adam as Scalar };
    applyAdamW(device, weights, moments, gradient, rates, config.optimizer, inPlace);
  };
  const nothing = () => ({ done: tf.keep(tf.scalar(0)) });

  const seedInput = (): Inputs => (usesDropout ? { seed: tf.tensor1d([...words], 'int32') } : {});
  const microInputs = (batch: Batch, rows: Rows, part: { masked: number; sequences: number }): Inputs => ({
    ...microBatchInputs(tf, batch, rows, shape),
    // divide_no_nan: a part without a single masked token has no masked-LM loss.
    perMasked: tf.scalar(part.masked > 0 ? 1 / part.masked : 0),
    perSequence: tf.scalar(1 / part.sequences),
    ...seedInput(),
  });
  const rateInputs = ({ decay, adam }: Rates): Inputs => ({ decay: tf.scalar(decay), adam: tf.scalar(adam) });
  const allRows: Rows = { begin: 0, end: microBatch };
  const example = () => microInputs(batchOfZeros(shape), allRows, { masked: 1, sequences: 1 });
  const noRates: Rates = { decay: 0, adam: 0 };

  const functions: Record<string, TracedFunction> = inOneGo
    ? {
        step: {
          inputs: { ...example(), ...rateInputs(noRates) },
          run: (inputs, inPlace) => {
            const { gradient, sums } = backward(inputs);
            update(clipped(gradient), inputs, inPlace);
            return sums;
          },
        },
      }
    : {
        accumulate: {
          inputs: example(),
          run: (inputs) => {
            const { gradient, sums } = backward(inputs);
            for (const [i, sum] of partGradient.entries()) sum.assign(tf.add(sum, gradient[i]!));
            return sums;
          },
        },
        closePart: {
          inputs: {},
          run: () => {
            const part = clipped(partGradient);
            for (const [i, sum] of totalGradient.entries()) sum.assign(tf.add(sum, part[i]!));
            for (const sum of partGradient) sum.assign(tf.zerosLike(sum));
            return nothing();
          },
        },
        update: {
          inputs: rateInputs(noRates),
          run: (inputs, inPlace) => {
            update(totalGradient, inputs, inPlace);
            for (const sum of totalGradient) sum.assign(tf.zerosLike(sum));
            return nothing();
          },
        },
      };
  functions.evaluate = {
    inputs: microBatchInputs(tf, batchOfZeros(shape), allRows, shape),
    run: (inputs) => kept(lossesOf(inputs)),
  };
  const program: Program = (config.traced ? trace : eagerProgram)(tf, variables, tidied(functions));

  function tidied(all: Record<string, TracedFunction>): Record<string, TracedFunction> {
    const entries = Object.entries(all).map(([name, { inputs, run }]) => [
      name,
      { inputs, run: (given: Inputs, inPlace?: UpdateInPlace) => tf.tidy(() => run(given, inPlace)) },
    ]);
    return Object.fromEntries(entries);
  }
  const call = async (name: string, inputs: Inputs): Promise<Record<string, number>> => {
    const outputs = await program.call(name, inputs);
    tf.dispose({ ...inputs });
    return Object.fromEntries(Object.entries(outputs).map(([output, values]) => [output, values[0]!]));
  };
  const sumsOf = async (name: string, inputs: Inputs): Promise<BatchSums> => (await call(name, inputs)) as BatchSums;

  return {
    async run(batch, rates, seed) {
      const parts = partsOf(batch, config.replicas);
      if (inOneGo) {
        words = [seed, 0];
        const [part] = parts;
        const inputs = { ...microInputs(batch, allRows, part!), ...rateInputs(rates) };
        return [{ ...part!, ...(await sumsOf('step', inputs)) }];
      }
      const measured: PartSums[] = [];
      for (const [replica, part] of parts.entries()) {
        const sums: BatchSums[] = [];
        const end = (replica + 1) * perPart;
        for (let begin = replica * perPart; begin < end; begin += microBatch) {
          words = [seed, begin];
          sums.push(await sumsOf('accumulate', microInputs(batch, { begin, end }, part)));
        }
        await call('closePart', {});
        measured.push({ ...part, ...sums.reduce(added) });
      }
      await call('update', rateInputs(rates));
      return measured;
    },
    async evaluate(batch) {
      const sums: BatchSums[] = [];
      for (let begin = 0; begin < batch.size; begin += microBatch) {
        sums.push(await sumsOf('evaluate', microBatchInputs(tf, batch, { begin, end: batch.size }, shape)));
      }
      return { ...partsOf(batch, 1)[0]!, ...sums.reduce(added) };
    },
    async snapshot() {
      const numbers = await program.snapshot();
      return (i, which) => numbers(i + count * ['weight', 'm', 'v'].indexOf(which)) as Float32Array;
    },
    operations: program.operations,
    microBatch,
    dispose: () => program.dispose(),
  };
}

function added(a: BatchSums, b: BatchSums): BatchSums {
  return {
    maskedLm: a.maskedLm + b.maskedLm,
    nextSentence: a.nextSentence + b.nextSentence,
    maskedLmCorrect: a.maskedLmCorrect + b.maskedLmCorrect,
    nextSentenceCorrect: a.nextSentenceCorrect + b.nextSentenceCorrect,
  };
}

/** Σ weights and sequences of each replica's part: consecutive rows, as a distributed data set deals them. */
function partsOf(batch: Batch, replicas: number): { masked: number; sequences: number }[] {
  const predictions = batch.maskedWeights.length / batch.size;
  const sequences = batch.size / replicas;
  return Array.from({ length: replicas }, (_, replica) => {
    const rows = batch.maskedWeights.subarray(
      replica * sequences * predictions,
      (replica + 1) * sequences * predictions,
    );
    return { masked: rows.reduce((sum, weight) => sum + weight, 0), sequences };
  });
}
