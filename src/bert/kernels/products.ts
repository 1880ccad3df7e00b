/** Products of matrices and sums over rows, in the form that is fast on each kind of device. */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import { native } from '../../devices/native-operations.ts';
import { wasmBatchProduct } from '../../devices/wasm-batch-product.ts';

export interface Products {
  /** a b; with flags, of the transposed. */
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor2D;
  /** The same for each pair of two stacks of matrices. */
  batchMatMul(a: Tensor3D, b: Tensor3D, transposeA?: boolean, transposeB?: boolean): Tensor3D;
  /** x + b for each row. */
  addBias(x: Tensor, b: Tensor): Tensor2D;
  /** The gradient of a bias: sums over the rows. */
  sumRows(x: Tensor /* [N, O] */): Tensor1D; // [O]
}

export function createProducts({ tf, kind }: Device): Products {
  switch (kind) {
    case 'tensorflow':
      // MatMul and BiasAdd by name: TensorFlow's graph optimizer fuses the two, and not those that TensorFlow.js would use.
      return {
        matMul: (a, b, transposeA = false, transposeB = false) =>
          native(tf, 'MatMul', { T: 'float', transpose_a: transposeA, transpose_b: transposeB }, [a, b])[0] as Tensor2D,
        batchMatMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(a, b, transposeA, transposeB),
        addBias: (x, b) => native(tf, 'BiasAdd', { T: 'float' }, [x, b])[0] as Tensor2D,
        sumRows: (x) => native(tf, 'BiasAddGrad', { T: 'float' }, [x])[0] as Tensor1D,
      };
    case 'wasm': {
      // XNNPACK multiplies untransposed matrices only; a sum over rows is faster as a product than as the backend's own sum.
      const turned = <T extends Tensor>(x: T, wanted: boolean): T =>
        wanted ? tf.transpose(x, x.rank === 2 ? [1, 0] : [0, 2, 1]) : x;
      return {
        matMul: (a, b, transposeA = false, transposeB = false) =>
          tf.tidy(() => tf.matMul(turned(a, transposeA), turned(b, transposeB)) as Tensor2D),
        batchMatMul: (a, b, transposeA = false, transposeB = false) =>
          tf.tidy(() => wasmBatchProduct(tf, turned(a, transposeA), turned(b, transposeB))),
        addBias: (x, b) => tf.add(x, b),
        sumRows: (x) => tf.tidy(() => tf.reshape(tf.matMul(tf.ones([1, x.shape[0]!]), x as Tensor2D), [-1])),
      };
    }
    case 'webgpu':
      return {
        matMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(a, b, transposeA, transposeB) as Tensor2D,
        batchMatMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(a, b, transposeA, transposeB),
        addBias: (x, b) => tf.add(x, b),
        sumRows: (x) => tf.sum(x, 0),
      };
  }
}
