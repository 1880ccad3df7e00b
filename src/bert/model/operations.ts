/**
 * The operations of BERT with gradients written by hand: each saves only what its gradient needs and runs fewer, larger kernels than
 * TensorFlow.js's derivation. Everything is two-dimensional where it can be: N = batch × positions rows.
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import { crossEntropy } from '../kernels/cross-entropy.ts';
import { differentiable } from '../kernels/differentiable.ts';
import { erfGelu, type Gelu, tanhGelu } from '../kernels/gelu.ts';
import { layerNorm } from '../kernels/layer-norm.ts';
import { createProducts } from '../kernels/products.ts';
import { type SelfAttention, selfAttention } from '../kernels/self-attention.ts';

export type { Gelu } from '../kernels/gelu.ts';

export interface Operations {
  /** x w + b. */
  dense(x: Tensor2D /* [N, I] */, w: Tensor2D /* [I, O] */, b: Tensor1D /* [O] */): Tensor2D; // [N, O]
  /** x wᵀ + b: the output projection that shares the word embeddings. */
  project(x: Tensor2D /* [N, H] */, w: Tensor2D /* [V, H] */, b: Tensor1D /* [V] */): Tensor2D; // [N, V]
  /** Rows of a table. Row `frozen` of it gets no gradient: PyTorch's padding_idx. */
  gather(table: Tensor2D /* [V, H] */, rows: Tensor1D /* [N] int32 */, frozen?: number): Tensor2D; // [N, H]
  /** (x − mean) / √(variance + ε) · γ + β over the last axis. */
  layerNorm(x: Tensor2D, gamma: Tensor1D, beta: Tensor1D): Tensor2D;
  gelu(x: Tensor2D): Tensor2D;
  selfAttention(x: Tensor2D /* [N, H] */, attention: SelfAttention): Tensor2D; // [N, H]
  /** Σᵢ weightᵢ · CE(logitsᵢ, labelᵢ): a scalar; `weights` have no gradient. */
  crossEntropy(logits: Tensor2D /* [N, C] */, labels: Tensor1D /* [N] int32 */, weights: Tensor1D /* [N] */): Scalar;
}

/** Tables of fewer rows are looked up by a product with one-hot rows, on backends without a fast sum by segments. */
const smallTable = 16;

/** TensorFlow.js has no one-hot vectors of a single class. */
const isSmall = ({ shape: [rows] }: Tensor2D) => rows > 1 && rows < smallTable;

export function createOperations(device: Device, gelu: Gelu): Operations {
  const { tf, kind } = device;
  const products = createProducts(device);
  const { matMul, addBias, sumRows } = products;

  /** Adds rows of `dy` into the rows of a zero table that they came from. wasm has no UnsortedSegmentSum. */
  const scatterRows = (dy: Tensor, rows: Tensor1D, shape: [number, number]): Tensor =>
    kind === 'tensorflow'
      ? tf.unsortedSegmentSum(dy, rows, shape[0])
      : tf.scatterND(tf.reshape(rows, [-1, 1]), dy, shape);

  /** `dy` with zeros for what was gathered from one row of the table. */
  const withoutRow = (dy: Tensor, rows: Tensor, row: number): Tensor =>
    tf.mul(dy, tf.reshape(tf.cast(tf.notEqual(rows, tf.scalar(row, 'int32')), 'float32'), [-1, 1]));

  const lookUp = (table: Tensor2D, rows: Tensor1D, frozen?: number): Tensor2D =>
    differentiable(
      tf,
      [table],
      () => ({ value: tf.gather(table, rows), saved: [rows] }),
      (dy, [rows]) => {
        const moved = frozen === undefined ? dy : withoutRow(dy, rows!, frozen);
        return [scatterRows(moved, rows as Tensor1D, table.shape)];
      },
    );

  const pick = (table: Tensor2D, rows: Tensor1D): Tensor2D =>
    differentiable(
      tf,
      [table],
      () => {
        // wasm's `oneHot(…, 'float32')` writes the bits of integers.
        const chosen = tf.cast(tf.oneHot(rows, table.shape[0]), 'float32'); // [N, V]
        return { value: matMul(chosen, table), saved: [chosen] };
      },
      (dy, [chosen]) => [matMul(chosen!, dy, true, false)],
    );

  return {
    dense: (x, w, b) =>
      differentiable(
        tf,
        [x, w, b],
        () => ({ value: addBias(matMul(x, w), b), saved: [x, w] }),
        (dy, [x, w]) => [matMul(dy, w!, false, true), matMul(x!, dy, true, false), sumRows(dy)],
      ),
    project: (x, w, b) =>
      differentiable(
        tf,
        [x, w, b],
        () => ({ value: addBias(matMul(x, w, false, true), b), saved: [x, w] }),
        (dy, [x, w]) => [matMul(dy, w!), matMul(dy, x!, true, false), sumRows(dy)],
      ),
    gather: (table, rows, frozen) =>
      kind !== 'tensorflow' && frozen === undefined && isSmall(table) ? pick(table, rows) : lookUp(table, rows, frozen),
    layerNorm: (x, gamma, beta) => layerNorm(tf, products, x, gamma, beta),
    gelu: (x) => (gelu === 'erf' ? erfGelu : tanhGelu)(tf, x),
    selfAttention: (x, attention) => selfAttention(tf, products, x, attention),
    crossEntropy: (logits, labels, weights) => crossEntropy(device, logits, labels, weights),
  };
}
