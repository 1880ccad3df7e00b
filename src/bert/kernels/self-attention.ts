import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../../devices/device.ts';
import { differentiable } from './differentiable.ts';
import type { Products } from './products.ts';

/** A dense layer's variables. */
export interface Projection {
  readonly kernel: Tensor2D; // [H, H]
  readonly bias: Tensor1D; // [H]
}

export interface SelfAttention {
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  /** B sequences of S positions, and A heads of width d = H / A. */
  readonly batch: number;
  readonly heads: number;
  /** Added to the scores: 0, or −10⁹ for padding; has no gradient. */
  readonly mask: Tensor; // [1, B, 1, S]
  /** Factors of the probabilities, 0 or 1 / (1 − rate). */
  readonly keep?: Tensor | undefined; // [A·B, S, S]
}

/**
 * softmax(q kᵀ / √d + mask) v for each head, heads joined. The three projections are one product, and heads come first in all that lies
 * between, so that q, k and v are whole blocks of it.
 */
export function selfAttention(
  tf: Tensorflow,
  { matMul, batchMatMul, addBias, sumRows }: Products,
  x: Tensor2D, // [N, H], N = B·S
  { query, key, value, batch: B, heads: A, mask, keep }: SelfAttention,
): Tensor2D {
  const [N, H] = x.shape;
  const [S, d] = [N / B, H / A];
  const scale = 1 / Math.sqrt(d);
  const parts = [query, key, value];

  const splitHeads = (rows: Tensor, count: number): Tensor3D =>
    // [N, count·d] → [count·B, S, d]
    tf.reshape(tf.transpose(tf.reshape(rows, [B, S, count, d]), [2, 0, 1, 3]), [count * B, S, d]);
  const joinHeads = (stack: Tensor, count: number): Tensor2D =>
    // and back
    tf.reshape(tf.transpose(tf.reshape(stack, [count, B, S, d]), [1, 2, 0, 3]), [N, count * d]);
  const third = (stack: Tensor3D, i: number): Tensor3D => tf.slice(stack, [i * A * B, 0, 0], [A * B, S, d]);
  const times = (probabilities: Tensor, factors: Tensor | undefined): Tensor3D =>
    (factors === undefined ? probabilities : tf.mul(probabilities, factors)) as Tensor3D;

  return differentiable(
    tf,
    [x, ...parts.map(({ kernel }) => kernel), ...parts.map(({ bias }) => bias)],
    () => {
      const kernels = tf.concat(
        parts.map(({ kernel }) => kernel),
        1,
      ); // [H, 3H]
      const biases = tf.concat(
        parts.map(({ bias }) => bias),
        0,
      ); // [3H]
      const projected = splitHeads(addBias(matMul(x, kernels), biases), 3 * A); // [3A·B, S, d]
      const q: Tensor3D = tf.mul(third(projected, 0), scale);
      const k = third(projected, 1);
      const v = third(projected, 2);
      const scores = tf.add(tf.reshape(batchMatMul(q, k, false, true), [A, B, S, S]), mask);
      const probabilities = tf.reshape(tf.softmax(scores), [A * B, S, S]);
      const context = batchMatMul(times(probabilities, keep), v); // [A·B, S, d]
      return {
        value: joinHeads(context, A),
        saved: [x, kernels, q, k, v, probabilities, context, ...(keep ? [keep] : [])],
      };
    },
    (dy, saved) => {
      const [x, kernels] = saved as Tensor2D[];
      const [q, k, v, probabilities, context, factors] = saved.slice(2) as Tensor3D[];
      const dContext = splitHeads(dy, A); // [A·B, S, d]
      const dProbabilities = times(batchMatMul(dContext, v!, false, true), factors);
      const dValue = batchMatMul(times(probabilities!, factors), dContext, true, false);
      // p (dp − Σ dp · p), where the sum is also that of dContext · context: over d numbers, not S.
      const along = tf.sum(tf.mul(dContext, context!), -1, true); // [A·B, S, 1]
      const dScores: Tensor3D = tf.mul(probabilities!, tf.sub(dProbabilities, along));
      const dQuery = tf.mul(batchMatMul(dScores, k!), scale);
      const dKey = batchMatMul(dScores, q!, true);
      const dProjected = joinHeads(tf.concat([dQuery, dKey, dValue], 0), 3 * A); // [N, 3H]
      const dKernels = matMul(x!, dProjected, true, false); // [H, 3H]
      const dBiases = sumRows(dProjected); // [3H]
      return [
        matMul(dProjected, kernels!, false, true),
        ...parts.map((_, i) => tf.slice(dKernels, [0, i * H], [H, H])),
        ...parts.map((_, i) => tf.slice(dBiases, [i * H], [H])),
      ];
    },
  );
}
