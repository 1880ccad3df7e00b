import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../../devices/device.ts';

export interface Forward {
  readonly value: Tensor;
  /** What the gradient needs. */
  readonly saved: readonly Tensor[];
}

/** A function of `inputs` with its gradient: `backward` gets dy and what `forward` saved, and returns one gradient for each input. */
export function differentiable<T extends Tensor>(
  tf: Tensorflow,
  inputs: readonly Tensor[],
  forward: () => Forward,
  backward: (dy: Tensor, saved: Tensor[]) => Tensor[],
): T {
  return tf.customGrad((...args) => {
    const save = args.at(-1) as GradSaveFunc;
    const { value, saved } = forward();
    save([...saved]);
    return { value, gradFunc: (dy, kept) => backward(dy as Tensor, kept) };
  })(...inputs) as T;
}
