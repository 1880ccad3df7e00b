import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { createOperations, type Operations } from '../../src/bert/model/operations.ts';
import type { Device } from '../../src/devices/device.ts';

/** Numbers between −1 and 1 that follow from their place. */
function numbers(size: number, salt: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * (salt + 1) * 12.9898) * 0.9);
}

interface Case {
  readonly shapes: readonly (readonly number[])[];
  apply(ops: Operations, tensors: readonly Tensor[], device: Device): Tensor;
}

const labels = Int32Array.of(1, 0, 4, 2, 2, 3);
const [B, S, A, H] = [2, 3, 2, 4];
const attentionShapes = [
  [B * S, H],
  ...Array.from({ length: 3 }, () => [H, H]),
  ...Array.from({ length: 3 }, () => [H]),
];
const attend =
  (factors: boolean): Case['apply'] =>
  (ops, [x, ...rest], { tf }) => {
    const [query, key, value] = [0, 1, 2].map((i) => ({ kernel: rest[i] as Tensor2D, bias: rest[i + 3] as Tensor1D }));
    const mask = tf.tensor([0, 0, 0, 0, 0, -1e9], [1, B, 1, S]);
    const keep = factors
      ? tf.tensor(
          Array.from({ length: A * B * S * S }, (_, i) => (i % 3 === 0 ? 0 : 1.5)),
          [A * B, S, S],
        )
      : undefined;
    return ops.selfAttention(x as Tensor2D, {
      query: query!,
      key: key!,
      value: value!,
      batch: B,
      heads: A,
      mask,
      keep,
    });
  };

const cases: Readonly<Record<string, Case>> = {
  dense: {
    shapes: [[6, 4], [4, 5], [5]],
    apply: (ops, [x, w, b]) => ops.dense(x as Tensor2D, w as Tensor2D, b as Tensor1D),
  },
  project: {
    shapes: [[6, 4], [5, 4], [5]],
    apply: (ops, [x, w, b]) => ops.project(x as Tensor2D, w as Tensor2D, b as Tensor1D),
  },
  'gather from a large table': {
    shapes: [[20, 4]],
    apply: (ops, [table], { tf }) => ops.gather(table as Tensor2D, tf.tensor1d(labels, 'int32')),
  },
  'gather from a small table': {
    shapes: [[5, 4]],
    apply: (ops, [table], { tf }) => ops.gather(table as Tensor2D, tf.tensor1d(labels, 'int32')),
  },
  // As in a model of one token type.
  'gather from a table of one row': {
    shapes: [[1, 4]],
    apply: (ops, [table], { tf }) => ops.gather(table as Tensor2D, tf.zeros([6], 'int32')),
  },
  'layer normalisation': {
    shapes: [[6, 4], [4], [4]],
    apply: (ops, [x, gamma, beta]) => ops.layerNorm(x as Tensor2D, gamma as Tensor1D, beta as Tensor1D),
  },
  gelu: { shapes: [[6, 4]], apply: (ops, [x]) => ops.gelu(x as Tensor2D) },
  'self-attention': { shapes: attentionShapes, apply: attend(false) },
  'self-attention with dropout': { shapes: attentionShapes, apply: attend(true) },
  'cross-entropy': {
    shapes: [[6, 5]],
    apply: (ops, [logits], { tf }) =>
      ops.crossEntropy(logits as Tensor2D, tf.tensor1d(labels, 'int32'), tf.tensor1d([1, 0, 1, 2, 1, 0.5])),
  },
};

/** Checks every operation's gradient. One device a process: TensorFlow.js has one engine. */
export function testGradients(device: Device): void {
  for (const gelu of ['tanh', 'erf'] as const) {
    const ops = createOperations(device, gelu);
    for (const [name, { shapes, apply }] of Object.entries(cases)) {
      if (gelu === 'erf' && name !== 'gelu') continue;
      test(`the gradient of ${gelu === 'erf' ? 'the exact gelu' : name} is that of finite differences`, () => {
        checkGradient(device, shapes, (tensors) => apply(ops, tensors, device));
      });
    }
  }
}

/** Of a weighted sum of the operation's numbers, by each number of each input. */
function checkGradient(
  { tf }: Device,
  shapes: readonly (readonly number[])[],
  apply: (tensors: readonly Tensor[]) => Tensor,
): void {
  const inputs = shapes.map((shape, i) =>
    numbers(
      shape.reduce((a, b) => a * b, 1),
      i,
    ),
  );
  const weighted = (tensors: readonly Tensor[]): Tensor => {
    const result = apply(tensors);
    return tf.sum(tf.mul(result, tf.tensor(numbers(result.size, 7), result.shape)));
  };
  const tensorsOf = (values: readonly Float32Array[]) => values.map((each, i) => tf.tensor(each, [...shapes[i]!]));
  const gradients = tf.tidy(() =>
    tf
      .grads((...tensors) => weighted(tensors))(tensorsOf(inputs))
      .map((gradient) => gradient.dataSync()),
  );
  const valueAt = (values: readonly Float32Array[]) => tf.tidy(() => weighted(tensorsOf(values)).dataSync()[0]!);
  const step = 1e-2;
  for (const [which, input] of inputs.entries()) {
    for (let i = 0; i < input.length; i++) {
      const moved = (by: number) =>
        valueAt(inputs.map((each, j) => (j === which ? each.map((x, k) => (k === i ? x + by : x)) : each)));
      // Of fourth order, so that the step may be large against float32's rounding.
      const slope = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
      const gradient = gradients[which]![i]!;
      assert.ok(
        Math.abs(slope - gradient) < 2e-3 * Math.max(1, Math.abs(slope)),
        `input ${which}, number ${i}: ${gradient}, by differences ${slope}`,
      );
    }
  }
}
