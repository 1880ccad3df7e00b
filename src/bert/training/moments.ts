import type { Variable as DeviceVariable } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import type { Variable } from '../model/variables.ts';
import type { Weights } from '../model/weights.ts';

/** Adam's running means of the gradients, m, and of their squares, v: one for each trained weight, in the weights' order. */
export interface Moments {
  readonly m: readonly DeviceVariable[];
  readonly v: readonly DeviceVariable[];
}

/** Moments of a training that goes on, or zeros. */
export function createMoments(
  { tf }: Device,
  { trained }: Pick<Weights, 'trained'>,
  from: { moment(variable: Variable, which: 'm' | 'v'): Float32Array } | undefined,
): Moments {
  const slots = (which: 'm' | 'v') =>
    trained.map(({ described, device }) =>
      tf.tidy(() =>
        tf.variable(
          from === undefined ? tf.zerosLike(device) : tf.tensor(from.moment(described, which), device.shape),
          false,
        ),
      ),
    );
  return { m: slots('m'), v: slots('v') };
}
