import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../../devices/device.ts';
import { differentiable } from './differentiable.ts';
import type { Products } from './products.ts';

/** Keras' epsilon in all of Model Garden's layer normalisations. */
export const layerNormEpsilon = 1e-12;

/** (x − mean) / √(variance + ε) · γ + β over the last axis. */
export function layerNorm(
  tf: Tensorflow,
  { matMul, sumRows }: Products,
  x: Tensor2D, // [N, H]
  gamma: Tensor1D, // [H]
  beta: Tensor1D,
): Tensor2D {
  return differentiable(
    tf,
    [x, gamma, beta],
    () => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), layerNormEpsilon)); // [N, 1]
      const normal = tf.mul(centred, inverse);
      return { value: tf.add(tf.mul(normal, gamma), beta), saved: [normal, inverse, gamma] };
    },
    (dy, [normal, inverse, gamma]) => {
      // dx = (g − mean(g) − n · mean(g · n)) / σ with g = dy · γ and n the normalised x; both means as products with γ / H.
      const perColumn = tf.div(tf.reshape(gamma!, [-1, 1]), x.shape[1]); // [H, 1]
      const alongNormal = tf.mul(dy, normal!);
      const projected = tf.mul(normal!, matMul(alongNormal, perColumn));
      const dx = tf.mul(tf.sub(tf.sub(tf.mul(dy, gamma!), matMul(dy, perColumn)), projected), inverse!);
      return [dx, sumRows(alongNormal), sumRows(dy)];
    },
  );
}
