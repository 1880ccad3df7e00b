import { availableParallelism } from 'node:os';
import type { Architecture } from '../../src/bert/model/architecture.ts';
import { trainingOperations } from '../../src/bert/model/training-operations.ts';
import { createWeights } from '../../src/bert/model/weights.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { createMoments } from '../../src/bert/training/moments.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import { createTrainingStep } from '../../src/bert/training/training-step.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import type { Batch } from '../../src/pretraining/records/read-batches.ts';
import { onGpu, ownDevice } from '../training-cost.ts';
import { cpuSecondsOf } from './text-rates.ts';

/** Two layers of BERT base. */
const architecture: Architecture = {
  vocabSize: 4096,
  hiddenSize: 768,
  layers: 2,
  heads: 12,
  intermediateSize: 3072,
  maxPositions: 128,
  typeVocabSize: 2,
  initializerRange: 0.02,
};
const load = { sequences: 8, positions: 128, predictions: 19 };
const warmUps = 1;
const steps = 2;

/** Floating-point operations a second of this machine's backend: of a core, or of the whole GPU. */
export async function trainingRate(): Promise<number> {
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
    for (let i = 0; i < times; i++) await step.run(batch(), { decay: 1e-5, adam: 1e-3 }, first + i);
  };
  await run(warmUps, 0);
  const begin = performance.now();
  const ofCores = await cpuSecondsOf(() => run(steps, warmUps));
  const elapsed = (performance.now() - begin) / 1000;
  step.dispose();
  return (steps * trainingOperations(architecture, load)) / (onGpu(ownDevice()) ? elapsed : ofCores);
}

/** What the ids are does not matter for the time. */
function batch(): Batch {
  const { sequences, positions, predictions } = load;
  const ids = (length: number, below: number) => Int32Array.from({ length }, (_, i) => (i * 7919) % below);
  return {
    size: sequences,
    inputWordIds: ids(sequences * positions, architecture.vocabSize),
    inputMask: new Int32Array(sequences * positions).fill(1),
    inputTypeIds: ids(sequences * positions, 2),
    maskedPositions: ids(sequences * predictions, positions),
    maskedIds: ids(sequences * predictions, architecture.vocabSize),
    maskedWeights: new Float32Array(sequences * predictions).fill(1),
    nextSentenceLabels: ids(sequences, 2),
    position: { epoch: 0, index: 0 },
  };
}
