/** Where a training stood when a checkpoint was written, besides its numbers: a small file beside it, which TensorFlow ignores. */
import { existsSync, readFileSync } from 'node:fs';
import type { DataPosition } from '../../pretraining/records/read-batches.ts';
import { CheckpointError } from '../../tensorflow/bundle/error.ts';
import { writeWhole } from '../../tensorflow/bundle/whole-file.ts';
import { noSums, type RunningSums } from '../training/means.ts';

export interface TrainingPosition extends DataPosition {
  /** Of the steps since the last line of the log: not empty where a training was stopped in the middle of a loop. */
  readonly loop: RunningSums;
}

const fileOf = (prefix: string) => `${prefix}.position.json`;

export function writePosition(prefix: string, position: TrainingPosition): void {
  writeWhole(fileOf(prefix), `${JSON.stringify(position)}\n`);
}

/** Undefined for a checkpoint of Model Garden, which keeps no position. */
export function readPosition(prefix: string): TrainingPosition | undefined {
  const path = fileOf(prefix);
  if (!existsSync(path)) return undefined;
  const { epoch, index, loop } = parsed(readFileSync(path, 'utf8'));
  const sums = Object.keys(noSums).map((name) => (loop as Record<string, unknown> | undefined)?.[name]);
  if (![epoch, index].every(isCount) || !sums.every(Number.isFinite)) {
    throw new CheckpointError(`${path} is damaged: remove it to go on with the data from its beginning`);
  }
  return { epoch: epoch!, index: index!, loop: loop! };
}

const isCount = (value: number | undefined) => Number.isSafeInteger(value) && value! >= 0;

function parsed(text: string): Partial<TrainingPosition> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<TrainingPosition>;
  } catch {
    return {};
  }
}
