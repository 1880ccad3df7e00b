import { availableParallelism } from 'node:os';
import type { Architecture } from '../../src/bert/model/architecture.ts';
import { addWork, type Load, trainingWork, type Work } from '../../src/bert/model/training-work.ts';
import { createWeights } from '../../src/bert/model/weights.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { createMoments } from '../../src/bert/training/moments.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import { createTrainingStep } from '../../src/bert/training/training-step.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import type { Batch } from '../../src/pretraining/records/read-batches.ts';
import { onGpu, ownDevice } from '../training-cost.ts';
import { cpuSecondsOf } from './text-rates.ts';

const warmUps = 1;

interface Sample {
  readonly architecture: Architecture;
  readonly load: Load;
  readonly steps: number;
}

const shape = { vocabSize: 4096, maxPositions: 128, typeVocabSize: 2, initializerRange: 0.02 };

/** Two layers of BERT base: most of its time goes into products. */
const wide: Sample = {
  architecture: { ...shape, hiddenSize: 768, layers: 2, heads: 12, intermediateSize: 3072 },
  load: { sequences: 8, positions: 128, predictions: 19 },
  steps: 2,
};

/** A model for small machines: most of its time goes into everything else. */
const narrow: Sample = {
  architecture: { ...shape, hiddenSize: 128, layers: 2, heads: 2, intermediateSize: 512 },
  load: { sequences: 32, positions: 128, predictions: 19 },
  steps: 4,
};

/** What this machine's backend does in a second: a core of it, or the whole GPU. */
export async function measureTraining(): Promise<Work> {
  return ratesFrom(await measured(wide), await measured(narrow));
}

interface Measured {
  readonly work: Work;
  readonly seconds: number;
}

/** Solves `seconds = operations / rate + bytes / rate` of the two. On a machine so noisy that there is no such pair, both slow down alike. */
export function ratesFrom(a: Measured, b: Measured): Work {
  const determinant = a.work.operations * b.work.bytes - b.work.operations * a.work.bytes;
  const perOperation = (a.seconds * b.work.bytes - b.seconds * a.work.bytes) / determinant;
  const perByte = (a.work.operations * b.seconds - b.work.operations * a.seconds) / determinant;
  if (perOperation > 0 && perByte > 0) return { operations: 1 / perOperation, bytes: 1 / perByte };
  const both = addWork(a.work, b.work);
  const half = (a.seconds + b.seconds) / 2;
  return { operations: both.operations / half, bytes: both.bytes / half };
}

async function measured({ architecture, load, steps }: Sample): Promise<Measured> {
  const device = await openDevice('auto', availableParallelism());
  const weights = createWeights(device, architecture, (variable) => initialWeights(variable, 0.02, 0));
  const step = createTrainingStep(device, weights, createMoments(device, weights, undefined), {
    heads: architecture.heads,
    dropoutRate: 0.1,
    attentionDropoutRate: 0.1,
    headDropoutRate: 0.1,
    maskedScore: -1e9,
    gelu: 'tanh',
    optimizer: adamWeightDecay,
    batchSize: load.sequences,
    replicas: 1,
    microBatch: load.sequences,
    positions: load.positions,
    predictions: load.predictions,
    traced: device.kind === 'tensorflow',
  });
  const run = async (times: number, first: number) => {
    for (let i = 0; i < times; i++) await step.run(batchOf(load), { decay: 1e-5, adam: 1e-3 }, first + i);
  };
  await run(warmUps, 0);
  const begin = performance.now();
  const ofCores = await cpuSecondsOf(() => run(steps, warmUps));
  const elapsed = (performance.now() - begin) / 1000;
  step.dispose();
  return { work: trainingWork(architecture, load, steps), seconds: onGpu(ownDevice()) ? elapsed : ofCores };
}

/** What the ids are does not matter for the time. */
function batchOf({ sequences, positions, predictions }: Load): Batch {
  const ids = (length: number, below: number) => Int32Array.from({ length }, (_, i) => (i * 7919) % below);
  return {
    size: sequences,
    inputWordIds: ids(sequences * positions, shape.vocabSize),
    inputMask: new Int32Array(sequences * positions).fill(1),
    inputTypeIds: ids(sequences * positions, 2),
    maskedPositions: ids(sequences * predictions, positions),
    maskedIds: ids(sequences * predictions, shape.vocabSize),
    maskedWeights: new Float32Array(sequences * predictions).fill(1),
    nextSentenceLabels: ids(sequences, 2),
    position: { epoch: 0, index: 0 },
  };
}
