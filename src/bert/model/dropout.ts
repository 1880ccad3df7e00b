/**
 * Dropout masks that follow from a seed, the step and the place in the model alone, so that a resumed run draws what an
 * uninterrupted one would have. On TensorFlow its stateless generator (Philox) draws them; elsewhere a counter-based hash on the host.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';

/** A word of the step and the row of its batch (below 2²⁰). The tensor holds the same, and is an input of the traced step. */
export interface DropoutSeed {
  readonly words: readonly [number, number];
  readonly tensor: Tensor1D; // [2] int32
}

/** Drops elements with probability `rate` and scales the others by 1 / (1 − rate); each call is another place in the model. */
export type Dropout = <T extends Tensor>(x: T, rate: number) => T;

export const noDropout: Dropout = (x) => x;

/** The masks of one forward pass: make a new one for each. */
export function createDropout(device: Device, seed: DropoutSeed): Dropout {
  const { tf } = device;
  let place = 0;
  return (x, rate) => {
    if (rate === 0) return x;
    place++;
    const keep =
      device.kind === 'tensorflow'
        ? drawnByTensorflow(device, seed, place, x.shape, rate)
        : tf.tensor(drawnOnHost(seed, place, x.size, rate), x.shape);
    return tf.mul(x, keep);
  };
}

/** The part of tfjs-node's backend that runs any operation of TensorFlow by name. */
interface TensorflowBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number; readonly TF_INT32: number };
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly Tensor[]): Tensor;
}

function drawnByTensorflow({ tf }: Device, seed: DropoutSeed, place: number, shape: number[], rate: number): Tensor {
  const backend = tf.backend() as unknown as TensorflowBackend;
  const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding;
  const attributes = [
    { name: 'dtype', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'T', type: TF_ATTR_TYPE, value: TF_INT32 },
    { name: 'Tseed', type: TF_ATTR_TYPE, value: TF_INT32 },
  ];
  const ours = tf.add(seed.tensor, tf.tensor1d([0, place << 20], 'int32'));
  const uniform = backend.executeSingleOutput('StatelessRandomUniform', attributes, [
    tf.tensor1d(shape, 'int32'),
    ours,
  ]);
  return tf.mul(tf.cast(tf.greaterEqual(uniform, rate), 'float32'), 1 / (1 - rate));
}

/** 0 or 1 / (1 − rate) for each element: a finaliser of MurmurHash3 over (seed, place, index). */
function drawnOnHost({ words: [step, row] }: DropoutSeed, place: number, size: number, rate: number): Float32Array {
  const keep = new Float32Array(size);
  const kept = 1 / (1 - rate);
  const threshold = Math.floor(rate * 2 ** 32);
  const base = hashed(hashed(hashed(step) ^ row) ^ place);
  for (let i = 0; i < size; i++) keep[i] = hashed(base + i) >= threshold ? kept : 0;
  return keep;
}

/** The word of a step, for runs with this seed. */
export function dropoutSeed(seed: number, step: number): number {
  return hashed(hashed(seed) ^ step) | 0;
}

function hashed(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
