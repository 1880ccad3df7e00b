import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Device, Tensorflow } from '../../devices/device.ts';
import { native } from '../../devices/native-operations.ts';
import { differentiable, type Forward } from './differentiable.ts';

/** Σᵢ weightᵢ · CE(logitsᵢ, labelᵢ); `weights` have no gradient. */
export function crossEntropy(
  { tf, kind }: Device,
  logits: Tensor2D, // [N, C]
  labels: Tensor1D, // [N] int32
  weights: Tensor1D, // [N]
): Scalar {
  const rule = kind === 'tensorflow' ? fused(tf, logits, labels, weights) : composed(tf, logits, labels, weights);
  return differentiable(
    tf,
    [logits],
    () => {
      const { value, saved } = rule.forward();
      return { value, saved: [weights, ...saved] };
    },
    (dy, [weights, ...saved]) => [rule.backward(tf.reshape(tf.mul(weights!, dy), [-1, 1]), saved)],
  );
}

interface Rule {
  forward(): Forward;
  /** `scale`: weightᵢ · dy. */
  backward(scale: Tensor2D /* [N, 1] */, saved: Tensor[]): Tensor2D;
}

/** TensorFlow's kernel gives losses and gradients at once. */
function fused(tf: Tensorflow, logits: Tensor2D, labels: Tensor1D, weights: Tensor1D): Rule {
  return {
    forward() {
      const types = { T: 'float', Tlabels: 'int32' } as const;
      const [losses, gradient] = native(tf, 'SparseSoftmaxCrossEntropyWithLogits', types, [logits, labels], 2);
      return { value: tf.sum(tf.mul(losses!, weights)), saved: [gradient!] };
    },
    backward: (scale, [gradient]) => tf.mul(gradient!, scale),
  };
}

/** log Σ exp(xⱼ) = max x − log max softmax(x), so that one softmax serves loss and gradient. */
function composed(tf: Tensorflow, logits: Tensor2D, labels: Tensor1D, weights: Tensor1D): Rule {
  const [rows, classes] = logits.shape;
  return {
    forward() {
      const cells = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(classes, 'int32')), labels); // [N] int32
      const softmax = tf.softmax(logits);
      const normalizer = tf.sub(tf.max(logits, -1), tf.log(tf.max(softmax, -1))); // [N]
      const chosen = tf.gather(tf.reshape(logits, [-1]), cells);
      return { value: tf.sum(tf.mul(tf.sub(normalizer, chosen), weights)), saved: [softmax, cells] };
    },
    backward(scale, [softmax, cells]) {
      const hits = tf.scatterND(tf.reshape(cells!, [-1, 1]), tf.reshape(scale, [-1]), [rows * classes]);
      return tf.sub(tf.mul(softmax!, scale), tf.reshape(hits, [rows, classes]));
    },
  };
}
