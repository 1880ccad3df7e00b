/** AdamW with clipping by global norm, and the learning rate, as Model Garden's AdamWeightDecay (legacy_adamw.py) has them. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import { native } from '../../devices/native-operations.ts';
import { type Kernel, runKernel } from '../../devices/webgpu/run-kernel.ts';
import type { UpdateInPlace } from '../../trace/trace.ts';
import type { Weights } from '../model/weights.ts';
import type { Moments } from './moments.ts';

export interface OptimizerConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global norm of a gradient. */
  readonly clipNorm: number;
}

export const adamWeightDecay: OptimizerConfig = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  weightDecay: 0.01,
  clipNorm: 1,
};

export interface Schedule {
  readonly initialRate: number;
  readonly endRate: number;
  readonly decaySteps: number;
  readonly power: number;
  readonly warmupSteps: number;
}

/** p(s): polynomial decay, constant after `decaySteps`. Rounded to float32 at every step, as TensorFlow computes it. */
function decayedRate({ initialRate, endRate, decaySteps, power }: Schedule, step: number): number {
  const f = Math.fround;
  const left = f(1 - f(Math.min(step, decaySteps) / decaySteps));
  return f(f(f(f(initialRate) - f(endRate)) * f(left ** power)) + f(endRate));
}

/** r(s) = s < W ? p(W) · max(s, 1) / W : p(s). The N-th update uses r(N − 1); summaries show r(N). */
export function learningRate(schedule: Schedule, step: number): number {
  const { warmupSteps } = schedule;
  if (step >= warmupSteps) return decayedRate(schedule, step);
  return Math.fround(decayedRate(schedule, warmupSteps) * Math.fround(Math.max(step, 1) / warmupSteps));
}

/** What an update needs to know of its number t = 1, 2, …: fed to the traced step as numbers on the device. */
export interface Rates {
  /** lr · weight decay. */
  readonly decay: number;
  /** lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ). */
  readonly adam: number;
}

export function ratesOf(schedule: Schedule, { beta1, beta2, weightDecay }: OptimizerConfig, update: number): Rates {
  const lr = learningRate(schedule, update - 1);
  return { decay: lr * weightDecay, adam: (lr * Math.sqrt(1 - beta2 ** update)) / (1 - beta1 ** update) };
}

/** Layer normalisation and biases do not decay; embeddings do. */
export function decays(fullName: string): boolean {
  return !/LayerNorm|layer_norm|bias/.test(fullName);
}

/** gradients · min(1, clipNorm / (‖gradients‖ + ε)), and the norm before; ε is PyTorch's. */
export function clipByGlobalNorm(
  { tf, kind }: Device,
  gradients: readonly Tensor[],
  clipNorm: number,
  epsilon = 0,
): { clipped: Tensor[]; norm: Scalar } {
  // L2Loss is Σx² / 2, in one pass.
  const squares = gradients.map((gradient) =>
    kind === 'tensorflow'
      ? tf.mul(native(tf, 'L2Loss', { T: 'float' }, [gradient])[0]!, 2)
      : tf.sum(tf.square(gradient)),
  );
  // On webgpu a sum of so many tensors would need more buffers in one kernel than there may be.
  const norm = tf.sqrt(kind === 'webgpu' ? tf.sum(tf.stack(squares)) : tf.addN(squares)) as Scalar;
  const scale = tf.mul(tf.minimum(tf.div(1, tf.add(norm, epsilon)), 1 / clipNorm), clipNorm);
  return { clipped: gradients.map((gradient) => tf.mul(gradient, scale)), norm };
}

/**
 * One update, in place:  w −= lr·wd·w;  m += (g − m)(1 − β₁);  v += (g² − v)(1 − β₂);  w −= α·m / (√v + ε).
 * `rates` are scalars on the device, so that a traced step takes them as inputs. In a graph, `update` has TensorFlow's own Adam, which
 * is this formula, do it in one pass; on webgpu, where each kernel has its price, three do.
 */
export function applyAdamW(
  { tf, kind }: Device,
  { trained }: Pick<Weights, 'trained'>,
  { m, v }: Moments,
  gradients: readonly Tensor[],
  rates: { readonly decay: Scalar; readonly adam: Scalar },
  { beta1, beta2, epsilon, weightDecay }: OptimizerConfig,
  update?: UpdateInPlace,
): void {
  for (const [i, { described, device: w }] of trained.entries()) {
    const g = gradients[i]!;
    const decaying = weightDecay > 0 && decays(described.fullName);
    tf.tidy(() => {
      if (update !== undefined) {
        if (decaying) update('AssignSubVariableOp', { dtype: 'float' }, [w], [tf.mul(w, rates.decay)]);
        // The powers of β that Adam corrects the rate with are in α already: as zeros they leave it as it is.
        const [none, ...constants] = [0, beta1, beta2, epsilon].map((value) => tf.scalar(value));
        const operands = [none!, none!, rates.adam, ...constants, g];
        const attributes = { T: 'float', use_locking: false, use_nesterov: false } as const;
        update('ResourceApplyAdam', attributes, [w, m[i]!, v[i]!], operands);
        return;
      }
      if (kind === 'webgpu') {
        const average = (mean: Tensor, beta: number, power: 1 | 2) =>
          runKernel(tf, meanOf(power, beta), w.shape, [mean, g]);
        m[i]!.assign(average(m[i]!, beta1, 1));
        v[i]!.assign(average(v[i]!, beta2, 2));
        const operands = [w, m[i]!, v[i]!, decaying ? rates.decay : tf.scalar(0), rates.adam];
        w.assign(runKernel(tf, stepBy(epsilon), w.shape, operands));
        return;
      }
      m[i]!.assign(tf.add(m[i]!, tf.mul(tf.sub(g, m[i]!), 1 - beta1)));
      v[i]!.assign(tf.add(v[i]!, tf.mul(tf.sub(tf.square(g), v[i]!), 1 - beta2)));
      const decayed = decaying ? tf.sub(w, tf.mul(w, rates.decay)) : w;
      w.assign(tf.sub(decayed, tf.div(tf.mul(m[i]!, rates.adam), tf.add(tf.sqrt(v[i]!), epsilon))));
    });
  }
}

/** mean + (gᵖ − mean)(1 − β). */
function meanOf(power: 1 | 2, beta: number): Kernel {
  return {
    name: `mean of power ${power} by ${beta}`,
    inputs: ['mean', 'g'],
    body: `let x = ${power === 1 ? 'g[index]' : 'g[index] * g[index]'};
      setOutputAtIndex(index, mean[index] + (x - mean[index]) * f32(${1 - beta}));`,
  };
}

/** w − lr·wd·w − α·m / (√v + ε). */
function stepBy(epsilon: number): Kernel {
  return {
    name: `AdamW step, epsilon ${epsilon}`,
    inputs: ['w', 'm', 'v', 'decay', 'adam'],
    body: `let decayed = w[index] - w[index] * decay[0];
      setOutputAtIndex(index, decayed - m[index] * adam[0] / (sqrt(v[index]) + f32(${epsilon})));`,
  };
}
