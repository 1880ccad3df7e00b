/**
 * Dropout masks that follow from a seed, the step and the place in the model alone, so that a resumed run draws what an
 * uninterrupted one would have. On TensorFlow its stateless generator (Philox) draws them; elsewhere a counter-based hash.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import { nativeSteps } from '../../devices/native-operations.ts';
import { type Kernel, runKernel } from '../../devices/webgpu/run-kernel.ts';

/** A word of the step and the row of its batch (below 2²⁰). The tensor holds the same, and is an input of the traced step. */
export interface DropoutSeed {
  readonly words: readonly [number, number];
  readonly tensor: Tensor1D; // [2] int32
}

/** Drops elements with probability `rate` and scales the others by 1 / (1 − rate); each call is another place in the model. */
export interface Dropout {
  <T extends Tensor>(x: T, rate: number): T;
  /** The factors alone, 0 or 1 / (1 − rate); undefined where nothing is dropped. */
  factors(shape: readonly number[], rate: number): Tensor | undefined;
}

export const noDropout: Dropout = Object.assign(<T extends Tensor>(x: T) => x, { factors: () => undefined });

/** The masks of one forward pass: make a new one for each. */
export function createDropout(device: Device, seed: DropoutSeed): Dropout {
  const { tf } = device;
  let place = 0;
  const factors: Dropout['factors'] = (shape, rate) => {
    if (rate === 0) return undefined;
    place++;
    switch (device.kind) {
      case 'tensorflow':
        return drawnByTensorflow(device, seed, place, shape, rate);
      case 'webgpu':
        return drawnByWebgpu(device, seed, place, shape, rate);
      case 'wasm':
        return tf.tensor(drawnOnHost(seed, place, sizeOf(shape), rate), [...shape]);
    }
  };
  const drop = <T extends Tensor>(x: T, rate: number): T => {
    const keep = factors(x.shape, rate);
    return keep === undefined ? x : tf.mul(x, keep);
  };
  return Object.assign(drop, { factors });
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Half of a random 32-bit word for each element: the rate is rounded to a multiple of 2⁻¹⁶, and so is the scale. */
function drawnByTensorflow(
  { tf }: Device,
  seed: DropoutSeed,
  place: number,
  shape: readonly number[],
  rate: number,
): Tensor {
  const size = sizeOf(shape);
  const dropped = Math.round(rate * 2 ** 16);
  const ours = tf.add(seed.tensor, tf.tensor1d([0, place << 20], 'int32'));
  const words = tf.tensor1d([Math.ceil(size / 2)], 'int32');
  const threshold = tf.scalar(dropped - 2 ** 15, 'int32');
  const kept = nativeSteps(tf, [words, ours, threshold], (step, words, ours, threshold) => {
    const types = { dtype: 'int32', T: 'int32', Tseed: 'int32' } as const;
    const drawn = step('StatelessRandomUniformFullInt', types, words!, ours!);
    const halves = step('Bitcast', { T: 'int32', type: 'int16' }, drawn); // [⌈size / 2⌉, 2]
    const limit = step('Cast', { SrcT: 'int32', DstT: 'int16', Truncate: false }, threshold!);
    const keep = step('GreaterEqual', { T: 'int16' }, halves, limit);
    return step('Cast', { SrcT: 'bool', DstT: 'float', Truncate: false }, keep);
  });
  const factors = tf.mul(kept, 2 ** 16 / (2 ** 16 - dropped));
  if (size % 2 === 0) return tf.reshape(factors, [...shape]);
  return tf.reshape(tf.slice(tf.reshape(factors, [-1]), 0, size), [...shape]);
}

/** 0 or 1 / (1 − rate) for each element: a finaliser of MurmurHash3 over (seed, place, index). */
function drawnOnHost({ words }: DropoutSeed, place: number, size: number, rate: number): Float32Array {
  const keep = new Float32Array(size);
  const kept = 1 / (1 - rate);
  const threshold = Math.floor(rate * 2 ** 32);
  const base = baseOf(words, place);
  for (let i = 0; i < size; i++) keep[i] = hashed(base + i) >= threshold ? kept : 0;
  return keep;
}

/** The same factors, drawn where they are needed. */
function drawnByWebgpu(
  { tf }: Device,
  { words }: DropoutSeed,
  place: number,
  shape: readonly number[],
  rate: number,
): Tensor {
  const threshold = Math.floor(rate * 2 ** 32);
  return runKernel(tf, drawing, shape, [], [baseOf(words, place) | 0, threshold | 0, 1 / (1 - rate)]);
}

const drawing: Kernel = {
  name: 'dropout',
  inputs: [],
  numbers: { base: 'i32', threshold: 'i32', kept: 'f32' },
  functions: `fn hashed(word : u32) -> u32 {
    var x = word;
    x = (x ^ (x >> 16u)) * 0x85ebca6bu;
    x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
    return x ^ (x >> 16u);
  }`,
  body: `let drawn = hashed(u32(uniforms.base) + u32(index));
    setOutputAtIndex(index, select(0.0, uniforms.kept, drawn >= u32(uniforms.threshold)));`,
};

const baseOf = ([step, row]: DropoutSeed['words'], place: number) => hashed(hashed(hashed(step) ^ row) ^ place);

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
