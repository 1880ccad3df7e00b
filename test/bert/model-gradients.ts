/** The gradient of every weight of a small model against finite differences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noDropout } from '../../src/bert/model/dropout.ts';
import { createOperations } from '../../src/bert/model/operations.ts';
import { type PretrainingBatch, pretrainingLogits, pretrainingLosses } from '../../src/bert/model/pretraining-model.ts';
import { createWeights } from '../../src/bert/model/weights.ts';
import { batchOfZeros, microBatchInputs, microBatchOf } from '../../src/bert/training/device-batch.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import type { Device } from '../../src/devices/device.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { tinyConfig } from './tiny-training.ts';

/** Fixed numbers in ±1. */
function values(size: number, seed: number): Float32Array {
  const { random } = cpythonRandom(seed);
  return Float32Array.from({ length: size }, () => 2 * random() - 1);
}

export function testModelGradients(device: Device): void {
  test('the gradient of every weight of the model is the slope of the loss', () => checkWeights(device));
}

function checkWeights(device: Device): void {
  const { architecture } = tinyConfig();
  const shape = { microBatch: 3, positions: 12, predictions: 3 };
  const { randint } = cpythonRandom(4);
  const batch = batchOfZeros(shape);
  batch.inputWordIds.forEach((_, i, ids) => void ids.fill(randint(0, 39), i, i + 1));
  batch.maskedIds.forEach((_, i, ids) => void ids.fill(randint(0, 39), i, i + 1));
  batch.maskedPositions.set([1, 2, 3, 4, 5, 6, 7, 0, 0]);
  batch.maskedWeights.set([1, 1, 1, 1, 1, 1, 1, 0, 0]);
  batch.inputTypeIds.fill(1, 6, 12).fill(1, 20, 24);
  batch.inputMask.fill(0, 32, 36);
  batch.nextSentenceLabels.set([1, 0, 1]);
  const { tf } = device;
  const ops = createOperations(device, 'tanh');
  // Larger than fresh weights: their gradients would be lost in the rounding of the loss.
  const weights = createWeights(device, architecture, (variable) => {
    const fresh = initialWeights(variable, 0.02, 1);
    const noise = values(fresh.length, variable.key.length);
    return fresh.map((value, i) => 5 * value * (variable.initial === 'ones' ? 0.2 : 1) + 0.3 * noise[i]!);
  });
  const inputs = microBatchInputs(tf, batch, { begin: 0, end: 3 }, shape);
  const model: PretrainingBatch = microBatchOf(inputs, shape);
  const options = { heads: 2, dropoutRate: 0, attentionDropoutRate: 0, headDropoutRate: 0, maskedScore: -1e9 };
  const loss = () => {
    const logits = pretrainingLogits(device, ops, weights.named, model, options, noDropout);
    const { maskedLm, nextSentence } = pretrainingLosses(device, ops, logits, model);
    return tf.add(tf.div(maskedLm, 7), tf.div(nextSentence, 3)) as ReturnType<typeof tf.scalar>;
  };
  const { grads } = tf.variableGrads(
    loss,
    weights.trained.map((variable) => variable.device),
  );
  for (const { described, device: weight } of weights.trained) {
    const g = grads[weight.name]!;
    const norm = Math.sqrt(tf.sum(tf.square(g)).dataSync()[0]!);
    const before = tf.clone(weight);
    const along = (size: number) => {
      weight.assign(tf.add(before, tf.mul(g, size / norm)));
      return loss().dataSync()[0]!;
    };
    // A key's bias moves all scores of a query alike, which softmax does not see: its gradient is rounding.
    if (/key_dense\/bias/.test(described.key)) {
      assert.ok(norm < 1e-6, `${device.name}: ${described.key} has a gradient of ${norm}`);
      continue;
    }
    const h = 0.01;
    const slope = (along(h) - along(-h)) / (2 * h);
    weight.assign(before);
    const error = Math.abs(slope - norm) / (norm + 1e-3);
    assert.ok(error < 1e-2, `${device.name}: ${described.key}: slope ${slope}, gradient ${norm}`);
  }
}
