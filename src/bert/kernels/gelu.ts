import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../../devices/device.ts';
import { differentiable } from './differentiable.ts';

export type Gelu = 'tanh' | 'erf';

/**
 * ½x(1 + tanh(√(2/π)(x + 0.044715x³))), what Model Garden trains with, as x σ(u) with u = 2√(2/π)(x + 0.044715x³): the same function in
 * fewer operations.
 */
export function tanhGelu(tf: Tensorflow, x: Tensor2D): Tensor2D {
  const c = 2 * Math.sqrt(2 / Math.PI);
  const a = 0.044715;
  return differentiable(
    tf,
    [x],
    () => {
      const u = tf.mul(tf.add(tf.mul(tf.square(x), c * a), c), x);
      const gate = tf.sigmoid(u);
      return { value: tf.mul(x, gate), saved: [x, gate] };
    },
    (dy, [x, gate]) => {
      // σ + xσ(1 − σ)u′ = σ(1 + (1 − σ)x u′),  x u′ = x c(1 + 3ax²)
      const slope = tf.mul(tf.add(tf.mul(tf.square(x!), 3 * c * a), c), x!);
      const bend = tf.add(tf.mul(tf.sub(1, gate!), slope), 1);
      return [tf.mul(tf.mul(bend, gate!), dy)];
    },
  );
}

/** xΦ(x): what the published configurations say, and fine-tuning uses. */
export function erfGelu(tf: Tensorflow, x: Tensor2D): Tensor2D {
  return differentiable(
    tf,
    [x],
    () => {
      const phi = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
      return { value: tf.mul(x, phi), saved: [x, phi] };
    },
    (dy, [x, phi]) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [tf.mul(dy, tf.add(phi!, tf.mul(x!, density)))];
    },
  );
}
