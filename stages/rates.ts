/** How fast stages do their work: what `kumiki plan` reckons with, and `kumiki doctor --measure` measures. All but the last are of one core. */
import type { Rate } from '../src/stage/index.ts';

const ours = 'one machine of two cores';
const bytes = 'B/s a core';
const operations = 'FLOP/s';

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

/** Devices that train. Those of this machine by their backends; others that a plan may be made for. */
export const trainingRates = {
  wasm: { name: 'training on wasm', unit: `${operations} a core`, assumed: 10e9, source: 'a guess' },
  tensorflow: { name: 'training on tensorflow', unit: `${operations} a core`, assumed: 80e9, source: ours },
  'tensorflow-gpu': {
    name: 'training on tensorflow-gpu',
    unit: operations,
    assumed: 10e12,
    source: 'a guess: one GPU, 32-bit products',
  },
  webgpu: { name: 'training on webgpu', unit: operations, assumed: 2e12, source: 'a guess: one GPU, op by op' },
  'tpu-v3-8': {
    name: 'training on tpu-v3-8',
    unit: operations,
    assumed: 240e12,
    source: "the original's 6 + 10 days of base, 23 + 33 of large",
  },
} satisfies Readonly<Record<string, Rate>>;

export type TrainingDevice = keyof typeof trainingRates;

export const trainingDevices = Object.keys(trainingRates) as readonly TrainingDevice[];
