import { setImmediate } from 'node:timers/promises';
import { type BatchOptions, readBatches } from '../../pretraining/records/read-batches.ts';
import { meansOf, noSums, withParts } from '../training/means.ts';
import type { TrainingStep } from '../training/training-step.ts';

export interface Validation {
  readonly records: readonly string[];
  /** Sequences of a batch, which `replicas` cut into parts. */
  readonly batchSize: number;
  readonly replicas: number;
  /** Batches; undefined: all of the records. */
  readonly steps: number | undefined;
  readonly limits: BatchOptions['limits'];
}

/**
 * Model Garden's metrics over validation data, as log lines name them: in the order of its files and without dropout; each part of a
 * batch counts alike, as in training. Rejects with the signal's reason when it is aborted.
 */
export async function evaluate(
  step: TrainingStep,
  { records, batchSize, replicas, steps, limits }: Validation,
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const partSize = Math.max(1, Math.floor(batchSize / replicas));
  const most = steps === undefined ? Infinity : steps * replicas;
  let sums = noSums;
  for await (const part of readBatches(records, {
    batchSize: partSize,
    seed: 0,
    shuffleBuffer: 0,
    epochs: 1,
    limits,
  })) {
    sums = withParts(sums, [await step.evaluate(part)]);
    if (sums.parts >= most) break;
    await setImmediate();
    signal.throwIfAborted();
  }
  const { training_loss, ...others } = meansOf(sums);
  const named = Object.entries(others).map(([name, value]) => [`validation_${name}`, value] as const);
  return { validation_loss: training_loss, ...Object.fromEntries(named) };
}
