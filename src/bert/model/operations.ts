/**
 * The operations of BERT with gradients written by hand: each saves only what its gradient needs and runs fewer, larger kernels than
 * TensorFlow.js's derivation. Everything is two-dimensional where it can be: N = batch × positions rows.
 */
import type { GradSaveFunc, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';

export interface Operations {
  /** x w + b. */
  dense(x: Tensor2D /* [N, I] */, w: Tensor2D /* [I, O] */, b: Tensor1D /* [O] */): Tensor2D; // [N, O]
  /** x wᵀ: the output projection that shares the word embeddings. */
  project(x: Tensor2D /* [N, H] */, w: Tensor2D /* [V, H] */): Tensor2D; // [N, V]
  /** Rows of a table. Row `frozen` of it gets no gradient: PyTorch's padding_idx. */
  gather(table: Tensor2D /* [V, H] */, rows: Tensor1D /* [N] int32 */, frozen?: number): Tensor2D; // [N, H]
  /** (x − mean) / √(variance + ε) · γ + β over the last axis. */
  layerNorm(x: Tensor2D, gamma: Tensor1D, beta: Tensor1D): Tensor2D;
  gelu(x: Tensor2D): Tensor2D;
  /** a b, or a bᵀ, for each head. */
  batchMatMul(a: Tensor3D /* [BA, M, K] */, b: Tensor3D, transposeB: boolean): Tensor3D; // [BA, M, N]
  /** softmax(scale · scores + mask) over the last axis; `mask` [B, 1, 1, S] is 0 or −10⁹ and has no gradient. */
  attention(scores: Tensor3D /* [B·heads, S, S] */, mask: Tensor, scale: number): Tensor3D;
  /** Σᵢ weightᵢ · CE(logitsᵢ, labelᵢ): a scalar; `weights` have no gradient. */
  crossEntropy(logits: Tensor2D /* [N, C] */, labels: Tensor1D /* [N] int32 */, weights: Tensor1D /* [N] */): Scalar;
}

/** Keras' epsilon in all of Model Garden's layer normalisations. */
export const layerNormEpsilon = 1e-12;

export type Gelu = 'tanh' | 'erf';

interface Differentiable {
  readonly value: Tensor;
  readonly saved: readonly Tensor[];
}

export function createOperations({ tf, kind }: Device, geluKind: Gelu): Operations {
  /** A function of `inputs` with its gradient: `backward` gets dy and what `forward` saved. */
  const differentiable = <T extends Tensor>(
    inputs: readonly Tensor[],
    forward: (...inputs: Tensor[]) => Differentiable,
    backward: (dy: Tensor, saved: Tensor[]) => Tensor[],
  ): T =>
    tf.customGrad((...args) => {
      const save = args.at(-1) as GradSaveFunc;
      const { value, saved } = forward(...(args.slice(0, -1) as Tensor[]));
      save([...saved]);
      return { value, gradFunc: (dy, kept) => backward(dy as Tensor, kept) };
    })(...inputs) as T;

  const transposed = (x: Tensor): Tensor => tf.transpose(x, x.rank === 2 ? [1, 0] : [0, 2, 1]);

  /** The matrix product. The wasm backend is fast only for one untransposed pair at a time (XNNPACK). */
  const matMul = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor => {
    if (kind !== 'wasm') return tf.matMul(a, b, transposeA, transposeB);
    return tf.tidy(() => {
      const left = transposeA ? transposed(a) : a;
      const right = transposeB ? transposed(b) : b;
      if (left.rank === 2) return tf.matMul(left, right);
      const [count = 0, m = 0, k = 0] = left.shape;
      const n = right.shape[2] ?? 0;
      const products = tf
        .split(tf.reshape(left, [count * m, k]), count, 0)
        .map((one, i) => tf.matMul(one, tf.reshape(tf.slice(right, [i, 0, 0], [1, k, n]), [k, n])));
      return tf.reshape(tf.concat(products, 0), [count, m, n]);
    });
  };

  /** Adds rows of `dy` into the rows of a zero table that they came from. wasm has no UnsortedSegmentSum. */
  const scatterRows = (dy: Tensor, rows: Tensor1D, shape: [number, number]): Tensor =>
    kind === 'tensorflow'
      ? tf.unsortedSegmentSum(dy, rows, shape[0])
      : tf.scatterND(tf.reshape(rows, [-1, 1]), dy, shape);

  /** `dy` with zeros for what was gathered from one row of the table. */
  const withoutRow = (dy: Tensor, rows: Tensor1D, row: number): Tensor =>
    tf.mul(dy, tf.reshape(tf.cast(tf.notEqual(rows, tf.scalar(row, 'int32')), 'float32'), [-1, 1]));

  return {
    dense: (x, w, b) =>
      differentiable(
        [x, w, b],
        (x, w, b) => ({ value: tf.add(matMul(x!, w!), b!), saved: [x!, w!] }),
        (dy, [x, w]) => [matMul(dy, w!, false, true), matMul(x!, dy, true, false), tf.sum(dy, 0)],
      ),

    project: (x, w) =>
      differentiable(
        [x, w],
        (x, w) => ({ value: matMul(x!, w!, false, true), saved: [x!, w!] }),
        (dy, [x, w]) => [matMul(dy, w!), matMul(dy, x!, true, false)],
      ),

    gather: (table, rows, frozen) =>
      differentiable(
        [table],
        (table) => ({ value: tf.gather(table!, rows), saved: [] }),
        (dy) => [scatterRows(frozen === undefined ? dy : withoutRow(dy, rows, frozen), rows, table.shape)],
      ),

    layerNorm: (x, gamma, beta) =>
      differentiable(
        [x, gamma, beta],
        (x, gamma, beta) => {
          const centred = tf.sub(x!, tf.mean(x!, -1, true));
          const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), layerNormEpsilon)); // [N, 1]
          const normal = tf.mul(centred, inverse);
          return { value: tf.add(tf.mul(normal, gamma!), beta!), saved: [normal, inverse, gamma!] };
        },
        (dy, [normal, inverse, gamma]) => {
          const dNormal = tf.mul(dy, gamma!);
          const along = tf.mul(normal!, tf.mean(tf.mul(dNormal, normal!), -1, true));
          const dx = tf.mul(tf.sub(tf.sub(dNormal, tf.mean(dNormal, -1, true)), along), inverse!);
          return [dx, tf.sum(tf.mul(dy, normal!), 0), tf.sum(dy, 0)];
        },
      ),

    gelu: geluKind === 'erf' ? erfGelu : tanhGelu,

    batchMatMul: (a, b, transposeB) =>
      differentiable(
        [a, b],
        (a, b) => ({ value: matMul(a!, b!, false, transposeB), saved: [a!, b!] }),
        (dy, [a, b]) =>
          transposeB
            ? [matMul(dy, b!), matMul(dy, a!, true, false)]
            : [matMul(dy, b!, false, true), matMul(a!, dy, true, false)],
      ),

    attention: (scores, mask, scale) =>
      differentiable(
        [scores],
        (scores) => {
          const [rows = 0, from = 0, to = 0] = scores!.shape;
          const batch = mask.shape[0]!;
          const perHead = tf.reshape(tf.mul(scores!, scale), [batch, rows / batch, from, to]);
          const probabilities = tf.reshape(tf.softmax(tf.add(perHead, mask)), scores!.shape);
          return { value: probabilities, saved: [probabilities] };
        },
        (dy, [p]) => {
          const weighted = tf.mul(dy, p!);
          return [tf.mul(tf.sub(weighted, tf.mul(p!, tf.sum(weighted, -1, true))), scale)];
        },
      ),

    crossEntropy: (logits, labels, weights) =>
      differentiable(
        [logits],
        (logits) => {
          const shifted = tf.sub(logits!, tf.max(logits!, -1, true));
          const exponentials = tf.exp(shifted);
          const total = tf.sum(exponentials, -1, true); // [N, 1]
          const wanted = oneHot(labels, logits!.shape[1]!); // [N, C]
          const logLikelihood = tf.sub(tf.sum(tf.mul(shifted, wanted), -1), tf.reshape(tf.log(total), [-1]));
          const value = tf.neg(tf.sum(tf.mul(logLikelihood, weights)));
          return { value, saved: [tf.mul(tf.sub(tf.div(exponentials, total), wanted), tf.reshape(weights, [-1, 1]))] };
        },
        (dy, [gradient]) => [tf.mul(gradient!, dy)],
      ),
  };

  /** wasm's `oneHot(…, 'float32')` writes the bits of integers. */
  function oneHot(labels: Tensor1D, classes: number): Tensor {
    return tf.cast(tf.oneHot(labels, classes), 'float32');
  }

  /** ½x(1 + tanh(√(2/π)(x + 0.044715x³))): what Model Garden trains with. */
  function tanhGelu(x: Tensor2D): Tensor2D {
    const c = Math.sqrt(2 / Math.PI);
    const a = 0.044715;
    return differentiable(
      [x],
      (x) => {
        const tanh = tf.tanh(tf.mul(tf.mul(x!, tf.add(tf.mul(tf.square(x!), a), 1)), c));
        return { value: tf.mul(tf.mul(x!, 0.5), tf.add(tanh, 1)), saved: [x!, tanh] };
      },
      (dy, [x, tanh]) => {
        // ½(1 + tanh) + ½x(1 − tanh²) c(1 + 3ax²)
        const slope = tf.mul(tf.add(tf.mul(tf.square(x!), 3 * a), 1), c);
        const bend = tf.mul(tf.mul(x!, tf.sub(1, tf.square(tanh!))), slope);
        return [tf.mul(dy, tf.mul(tf.add(tf.add(tanh!, 1), bend), 0.5))];
      },
    );
  }

  /** xΦ(x): what the published configurations say, and fine-tuning uses. */
  function erfGelu(x: Tensor2D): Tensor2D {
    return differentiable(
      [x],
      (x) => {
        const phi = tf.mul(tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1), 0.5);
        return { value: tf.mul(x!, phi), saved: [x!, phi] };
      },
      (dy, [x, phi]) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(phi!, tf.mul(x!, density)))];
      },
    );
  }
}
