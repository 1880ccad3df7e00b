/** How fast stages do their work: what `kumiki plan` reckons with, and `kumiki doctor --measure` measures. All but the last are of one core. */
import type { Rate } from '../src/stage/index.ts';

const ours = 'one machine of two cores';
const bytes = 'B/s a core';

export const rates = {
  split: { name: 'text dealt out to shards', unit: bytes, assumed: 80e6, source: ours },
  unpackXz: { name: 'text out of xz', unit: bytes, assumed: 60e6, source: ours },
  sentences: { name: 'Wikipedia text cleaned and split by MeCab', unit: bytes, assumed: 6e6, source: ours },
  vocabulary: { name: 'text counted for a vocabulary', unit: bytes, assumed: 1.1e6, source: ours },
  tokenize: { name: 'text made tokens', unit: bytes, assumed: 3.3e6, source: ours },
  instances: { name: 'positions of records made and written', unit: '1/s a core', assumed: 14e6, source: ours },
  copy: { name: 'bytes read and written', unit: bytes, assumed: 480e6, source: ours },
  download: { name: 'download', unit: 'B/s', assumed: 20e6, source: 'a guess' },
} satisfies Readonly<Record<string, Rate>>;

/** How fast a device trains, see `Work`. `bytes` is left out where what is known is the time of whole trainings. */
export interface TrainingRates {
  readonly operations: Rate;
  readonly bytes?: Rate;
}

function trainingRatesOf(
  device: string,
  each: '' | ' a core',
  operations: Pick<Rate, 'assumed' | 'source'>,
  bytes: Pick<Rate, 'assumed' | 'source'>,
): TrainingRates {
  return {
    operations: { name: `training on ${device}, products`, unit: `FLOP/s${each}`, ...operations },
    bytes: { name: `training on ${device}, activations`, unit: `B/s${each}`, ...bytes },
  };
}

const guess = (assumed: number, of = 'a guess') => ({ assumed, source: of });

/** Devices that train. Those of this machine by their backends; others that a plan may be made for. */
export const trainingRates = {
  wasm: trainingRatesOf('wasm', ' a core', guess(20e9), guess(130e6)),
  tensorflow: trainingRatesOf(
    'tensorflow',
    ' a core',
    { assumed: 137e9, source: ours },
    { assumed: 635e6, source: ours },
  ),
  'tensorflow-gpu': trainingRatesOf(
    'tensorflow-gpu',
    '',
    guess(15e12, 'a guess: one GPU, 32-bit products'),
    guess(100e9),
  ),
  webgpu: trainingRatesOf('webgpu', '', guess(4e12, 'a guess: one GPU, op by op'), guess(30e9)),
  'tpu-v3-8': {
    operations: {
      name: 'training on tpu-v3-8',
      unit: 'FLOP/s',
      assumed: 240e12,
      source: "the original's 6 + 10 days of base, 23 + 33 of large",
    },
  },
} satisfies Readonly<Record<string, TrainingRates>>;

export type TrainingDevice = keyof typeof trainingRates;

export const trainingDevices = Object.keys(trainingRates) as readonly TrainingDevice[];

/**
 * Peak FLOP/s in bfloat16 of what the number in an accelerator type counts: cores up to v5p, chips of v5litepod and v6e
 * (Google's documentation of each version).
 */
const tpuPeaks: Readonly<Record<string, number>> = {
  v2: 23e12,
  v3: 61.5e12,
  v4: 137.5e12,
  v5p: 229.5e12,
  v5litepod: 197e12,
  v6e: 918e12,
};

/** Of a device by its name; other TPUs than the original's by their peak beside its. Undefined for what nothing is known of. */
export function ratesOfDevice(device: string): TrainingRates | undefined {
  if (Object.hasOwn(trainingRates, device)) return trainingRates[device as TrainingDevice];
  const [, version = '', count] = /^tpu-(\w+)-(\d+)$/.exec(device) ?? [];
  const peak = Object.hasOwn(tpuPeaks, version) ? tpuPeaks[version]! * Number(count) : 0;
  if (peak === 0) return undefined;
  const { assumed, unit } = trainingRates['tpu-v3-8'].operations;
  const source = "the original's days on a v3-8, by the peak of each";
  const operations = { name: `training on ${device}`, unit, assumed: (assumed * peak) / (8 * tpuPeaks.v3!), source };
  return { operations };
}
