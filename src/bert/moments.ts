import type { Variable } from '@tensorflow/tfjs-core';

/** Adam's running means of the gradients, m, and of their squares, v: one for each trained weight, in the weights' order. */
export interface Moments {
  readonly m: readonly Variable[];
  readonly v: readonly Variable[];
}
