import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWeights } from '../../src/bert/model/weights.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { createMoments } from '../../src/bert/training/moments.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import { createTrainingStep, type TrainingStep } from '../../src/bert/training/training-step.ts';
import { tensorflow } from '../devices/tensorflow.ts';
import { randomBatch } from './random-batch.ts';

const skip = tensorflow === undefined && 'kumiki setup tensorflow was not run';
const shape = { sequences: 4, positions: 16, predictions: 3, vocabSize: 50 };

function stepOf(traced: boolean, dropout: number, microBatch = shape.sequences): TrainingStep {
  const architecture = {
    vocabSize: shape.vocabSize,
    hiddenSize: 16,
    layers: 2,
    heads: 2,
    intermediateSize: 64,
    maxPositions: shape.positions,
    typeVocabSize: 2,
    initializerRange: 0.02,
  };
  const weights = createWeights(tensorflow!, architecture, (variable) => initialWeights(variable, 0.02, 3));
  return createTrainingStep(tensorflow!, weights, createMoments(tensorflow!, weights, undefined), {
    heads: architecture.heads,
    dropoutRate: dropout,
    attentionDropoutRate: dropout,
    headDropoutRate: dropout,
    maskedScore: -1e9,
    gelu: 'tanh',
    optimizer: adamWeightDecay,
    batchSize: shape.sequences,
    replicas: 1,
    microBatch,
    positions: shape.positions,
    predictions: shape.predictions,
    traced,
  });
}

/** Losses of updates with a rate that changes from one to the next. */
async function lossesOf(step: TrainingStep, seeds: readonly number[]): Promise<number[]> {
  const losses: number[] = [];
  for (const [i, seed] of seeds.entries()) {
    const rate = 1e-3 * (i + 1);
    const parts = await step.run(randomBatch(shape, i), { decay: rate * 0.01, adam: rate }, seed);
    losses.push(...parts.flatMap(({ maskedLm, nextSentence }) => [maskedLm, nextSentence]));
  }
  return losses;
}

function assertClose(a: ArrayLike<number>, b: ArrayLike<number>, within: number): void {
  assert.equal(a.length, b.length);
  for (let i = 0; i < a.length; i++) {
    assert.ok(Math.abs(a[i]! - b[i]!) <= within * Math.max(1, Math.abs(b[i]!)), `number ${i}: ${a[i]}, not ${b[i]}`);
  }
}

for (const microBatch of [4, 2]) {
  test(`the traced step equals the eager one, micro-batches of ${microBatch}, with dropout`, { skip }, async () => {
    const [traced, eager] = [stepOf(true, 0.1, microBatch), stepOf(false, 0.1, microBatch)];
    const seeds = [11, -5, 2 ** 31 - 1, 7, 8];
    assertClose(await lossesOf(traced, seeds), await lossesOf(eager, seeds), 1e-5);
    const [ofTraced, ofEager] = [await traced.snapshot(), await eager.snapshot()];
    for (const which of ['weight', 'm', 'v'] as const) {
      for (const i of [0, 5, 12]) assertClose(ofTraced(i, which), ofEager(i, which), 1e-5);
    }
    assert.ok(traced.operations > 0 && eager.operations === 0);
    traced.dispose();
    eager.dispose();
  });
}

test('dropout follows from the seed that a step is given', { skip }, async () => {
  const first = async (seed: number) => {
    const step = stepOf(true, 0.1);
    const [loss] = await lossesOf(step, [seed]);
    step.dispose();
    return loss!;
  };
  assert.equal(await first(1), await first(1));
  assert.notEqual(await first(1), await first(2));
});

test('tensors do not pile up from step to step', { skip }, async () => {
  for (const traced of [true, false]) {
    const step = stepOf(traced, 0.1);
    await lossesOf(step, [1, 2]);
    const before = tensorflow!.tf.memory().numTensors;
    await lossesOf(step, [3, 4, 5, 6]);
    assert.equal(tensorflow!.tf.memory().numTensors, before);
    step.dispose();
  }
});
