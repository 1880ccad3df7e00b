/** Gradients against finite differences: each hand-written operation, then every weight of a small model. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Tensor } from '@tensorflow/tfjs-core';
import { noDropout } from '../../src/bert/model/dropout.ts';
import { createOperations, type Gelu, type Operations } from '../../src/bert/model/operations.ts';
import { type PretrainingBatch, pretrainingLogits, pretrainingLosses } from '../../src/bert/model/pretraining-model.ts';
import { createWeights } from '../../src/bert/model/weights.ts';
import { batchOfZeros, microBatchInputs, microBatchOf } from '../../src/bert/training/device-batch.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import type { Device, Tensorflow } from '../../src/devices/device.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { tensorflowIfThere, tinyConfig } from './tiny-training.ts';

const devices: Device[] = [];
before(async () => {
  devices.push(await openDevice('wasm', 1), ...[await tensorflowIfThere()].filter((device) => device !== undefined));
});

/**
 * Along the gradient itself the slope is the gradient's norm: (f(x + hĝ) − f(x − hĝ)) / 2h against ‖g‖. A wrong factor or a
 * missing term anywhere in it shows; the difference of two float32 losses is exact enough where the slope is steepest.
 */
function relativeError(device: Device, f: (x: Tensor) => Tensor, x: Tensor, h: number): number {
  const { tf } = device;
  return tf.tidy(() => {
    const g = tf.grad(f)(x);
    const norm = Math.sqrt(tf.sum(tf.square(g)).dataSync()[0]!);
    assert.ok(norm > 0);
    const along = (size: number) => f(tf.add(x, tf.mul(g, size / norm))).dataSync()[0]!;
    return Math.abs((along(h) - along(-h)) / (2 * h) / norm - 1);
  });
}

/** Fixed numbers in ±1. */
function values(size: number, seed: number): Float32Array {
  const { random } = cpythonRandom(seed);
  return Float32Array.from({ length: size }, () => 2 * random() - 1);
}

interface Case {
  /** Of the inputs that have a gradient. */
  readonly shapes: readonly (readonly number[])[];
  /** Factor of the inputs, which are in ±1. */
  readonly scale?: number;
  readonly gelu?: Gelu;
  apply(ops: Operations, inputs: readonly never[], tf: Tensorflow): Tensor;
}

const operations: Readonly<Record<string, Case>> = {
  dense: { shapes: [[5, 4], [4, 3], [3]], apply: (ops, [x, w, b]) => ops.dense(x!, w!, b!) },
  project: {
    shapes: [
      [5, 4],
      [6, 4],
    ],
    apply: (ops, [x, w]) => ops.project(x!, w!),
  },
  'gather, one row twice': {
    shapes: [[4, 3]],
    apply: (ops, [table], tf) => ops.gather(table!, tf.keep(tf.tensor1d([2, 0, 2], 'int32'))),
  },
  layerNorm: { shapes: [[3, 6], [6], [6]], apply: (ops, [x, gamma, beta]) => ops.layerNorm(x!, gamma!, beta!) },
  'gelu by tanh': { shapes: [[4, 5]], scale: 3, gelu: 'tanh', apply: (ops, [x]) => ops.gelu(x!) },
  'gelu by erf': { shapes: [[4, 5]], scale: 3, gelu: 'erf', apply: (ops, [x]) => ops.gelu(x!) },
  'batchMatMul a b': {
    shapes: [
      [3, 4, 5],
      [3, 5, 2],
    ],
    apply: (ops, [a, b]) => ops.batchMatMul(a!, b!, false),
  },
  'batchMatMul a bᵀ': {
    shapes: [
      [3, 4, 5],
      [3, 2, 5],
    ],
    apply: (ops, [a, b]) => ops.batchMatMul(a!, b!, true),
  },
  attention: {
    shapes: [[4, 3, 3]],
    apply: (ops, [scores], tf) => ops.attention(scores!, tf.tensor([0, 0, -1e9, 0, 0, 0], [2, 1, 1, 3]), 0.7),
  },
  crossEntropy: {
    shapes: [[4, 5]],
    scale: 2,
    apply: (ops, [logits], tf) =>
      ops.crossEntropy(logits!, tf.tensor1d([1, 0, 4, 4], 'int32'), tf.tensor1d([1, 0, 1, 0.5])),
  },
};

for (const [name, { shapes, scale = 1, gelu = 'tanh', apply }] of Object.entries(operations)) {
  test(`${name}: the gradient of each input is the slope`, () => {
    for (const device of devices) {
      const { tf } = device;
      const ops = createOperations(device, gelu);
      const filled = (shape: readonly number[], seed: number) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        return tf.mul(tf.tensor(values(size, seed), [...shape]), scale);
      };
      const inputs = shapes.map(filled);
      for (const [i, input] of inputs.entries()) {
        // A random weight for each output, so that no error cancels in the sum.
        const weighted = (x: Tensor) => {
          const y = apply(ops, inputs.with(i, x) as never[], tf);
          return tf.sum(tf.mul(y, filled(y.shape, 9)));
        };
        const error = relativeError(device, weighted, input, 0.02);
        assert.ok(error < 2e-3, `${device.name}: input ${i} is off by ${error}`);
      }
    }
  });
}

test('the gradient of every weight of the model is the slope of the loss', () => {
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
  for (const device of devices) {
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
});
