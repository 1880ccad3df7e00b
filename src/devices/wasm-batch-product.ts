/**
 * Products of many pairs of matrices on TensorFlow.js' WebAssembly backend. Its own kernel hands only a single pair to XNNPACK and
 * multiplies several pairs number by number; so each pair is registered as a view of the memory that it lies in, and multiplied alone.
 */
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import type { Tensorflow } from './device.ts';

/** The parts of @tensorflow/tfjs-backend-wasm 4 that this uses. */
interface WasmBackend {
  readonly wasm: {
    cwrap(name: string, returns: null, takes: readonly string[]): (...values: unknown[]) => void;
    readonly tfjs: { registerTensor(id: number, bytes: number, offset: number): void; disposeData(id: number): void };
  };
  dataIdNextNumber: number;
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: string): { readonly dataId: object; shape: number[]; dtype: string };
}

type Multiply = (...values: unknown[]) => void;

let wrapped: Multiply | undefined;

function multiplyOf({ wasm }: WasmBackend): Multiply {
  wrapped ??= wasm.cwrap('BatchMatMul', null, [
    ...['number', 'array', 'number'], // a: id, shape, rank
    ...['number', 'array', 'number'], // b
    ...['number', 'number', 'number'], // transpose a, transpose b, id of the product
  ]);
  return wrapped;
}

/** a b for each of C pairs. */
export function wasmBatchProduct(tf: Tensorflow, a: Tensor3D /* [C, M, K] */, b: Tensor3D /* [C, K, N] */): Tensor3D {
  const backend = tf.backend() as unknown as WasmBackend;
  const [count, m, k] = a.shape;
  const n = b.shape[2];
  const product = backend.makeOutput([count, m, n], 'float32'); // [C, M, N]
  const shapeBytes = (rows: number, columns: number) => new Uint8Array(Int32Array.of(1, rows, columns).buffer);
  const multiply = multiplyOf(backend);
  const [left, right] = [shapeBytes(m, k), shapeBytes(k, n)];
  // Fresh ids: XNNPACK's packed right sides are kept by id until the id is disposed of.
  const views = [a, b, product].map(({ dataId }) => ({
    id: backend.dataIdNextNumber++,
    offset: backend.dataIdMap.get(dataId).memoryOffset,
  }));
  const sizes = [m * k, k * n, m * n].map((size) => size * Float32Array.BYTES_PER_ELEMENT);
  for (let i = 0; i < count; i++) {
    for (const [which, { id, offset }] of views.entries()) {
      backend.wasm.tfjs.registerTensor(id, sizes[which]!, offset + i * sizes[which]!);
    }
    multiply(views[0]!.id, left, 3, views[1]!.id, right, 3, 0, 0, views[2]!.id);
    for (const { id } of views) backend.wasm.tfjs.disposeData(id);
  }
  return tf
    .engine()
    .makeTensorFromTensorInfo(
      product as Parameters<ReturnType<Tensorflow['engine']>['makeTensorFromTensorInfo']>[0],
    ) as Tensor as Tensor3D;
}
