import type { DataConfig, PretrainingConfig } from '../src/bert/config/pretraining-config.ts';
import {
  activationBytes,
  addWork,
  forwardWork,
  trainingWork,
  type Work,
  weightCount,
} from '../src/bert/model/training-work.ts';
import { openAddon } from '../src/devices/open-addon.ts';
import type { Backend } from '../src/devices/open-device.ts';
import { hasGpu } from '../src/devices/webgpu/find-adapter.ts';
import type { Content, Cost, Rate } from '../src/stage/index.ts';
import { ratesOfDevice, type TrainingDevice, type TrainingRates, trainingRates } from './rates.ts';

let found: TrainingDevice | undefined;

/** What `auto` would take on this machine. */
export function ownDevice(): TrainingDevice {
  found ??= openAddon('gpu') ? 'tensorflow-gpu' : hasGpu() ? 'webgpu' : openAddon('cpu') ? 'tensorflow' : 'wasm';
  return found;
}

/** Or on another accelerator: what is measured of it is its time, not that of cores. */
export function onGpu(device: string): boolean {
  return device !== 'wasm' && device !== 'tensorflow';
}

/** Time of the work on the device that a plan is for, else on the backend that the stage would take. */
export function computeCost(
  work: Work,
  backend: Backend,
  question: {
    readonly device: string | undefined;
    readonly resources: Readonly<Record<string, number>>;
    rate(rate: Rate): number;
  },
): Pick<Cost, 'cpuSeconds' | 'deviceSeconds'> {
  const wanted = question.device ?? (backend === 'auto' ? ownDevice() : backend);
  const rates = ratesOfDevice(wanted);
  const device = rates === undefined ? ownDevice() : wanted;
  const { operations, bytes }: TrainingRates = rates ?? trainingRates[ownDevice()];
  const moving = bytes === undefined ? 0 : work.bytes / question.rate(bytes);
  const seconds = work.operations / question.rate(operations) + moving;
  // The core that feeds an accelerator is not counted.
  if (onGpu(device)) return { cpuSeconds: 0, deviceSeconds: seconds };
  return { cpuSeconds: seconds, deviceSeconds: seconds / Math.max(1, question.resources.cpu ?? 1) };
}

export interface TrainingSize {
  /** Sequences that go through the model at once. */
  readonly atOnce: number;
  readonly validates: boolean;
}

/** Work of a pretraining, its memory, and what it leaves. */
export function trainingCost(config: PretrainingConfig, { atOnce, validates }: TrainingSize) {
  const { architecture, trainData, validationData, trainer } = config;
  const steps = trainer.trainSteps;
  const load = loadOf(trainData);
  const validated = loadOf(validationData);
  const evaluated = validates ? (trainer.validationSteps ?? 0) : 0;
  const work = addWork(
    trainingWork(architecture, load, steps),
    forwardWork(architecture, validated, Math.floor(steps / trainer.validationInterval) * evaluated),
  );
  const weights = 4 * weightCount(architecture);
  // Weights and two moments; the first after the first loop, then by interval, and one at the end.
  const checkpoints = Math.min(trainer.maxToKeep, 2 + Math.floor(steps / trainer.checkpointInterval));
  const bytes = 3 * weights * checkpoints;
  const below = (path: string): Content =>
    path === 'params.yaml' ? { bytes: 3000, value: config.merged as NonNullable<Content['value']> } : { bytes };
  const lines = { bytes: 300 * Math.ceil(steps / trainer.stepsPerLoop) };
  return {
    work,
    // Weights, moments, gradients and their sum, and what the pass backward needs of the pass forward.
    memory: 400e6 + 5 * weights + activationBytes(architecture, { ...load, sequences: atOnce }),
    outputs: { checkpoint: { bytes, below }, log: lines, summaries: lines },
  };
}

function loadOf({ global_batch_size, seq_length, max_predictions_per_seq }: DataConfig) {
  return { sequences: global_batch_size, positions: seq_length, predictions: max_predictions_per_seq };
}
