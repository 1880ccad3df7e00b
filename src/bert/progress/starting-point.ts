/** Where a training starts: unfinished work first, then a training to resume, then weights to continue from, then fresh ones. */
import { basename, join } from 'node:path';
import { CheckpointError } from '../../tensorflow/bundle/error.ts';
import { type Checkpoint, listedCheckpoints, openCheckpoint } from '../training/checkpoint.ts';
import { TrainingError } from './error.ts';
import { readPosition, type TrainingPosition } from './training-position.ts';
import type { WorkFolder } from './work-folder.ts';

export interface StartingPoint {
  /** Updates done. */
  readonly step: number;
  readonly position: TrainingPosition | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** Moments and step are restored too. */
  readonly whole: boolean;
  /** Step of the last checkpoint that was due, from which the next one is counted. */
  readonly lastSaved: number | undefined;
  /** For the log. */
  readonly how: string;
}

interface Given {
  readonly initCheckpoint?: string;
  readonly resume?: string;
  readonly steps: number;
  warn(line: string): void;
}

const fresh = { step: 0, position: undefined, whole: false, lastSaved: undefined } as const;

export function startingPoint(given: Given, work: WorkFolder): StartingPoint {
  const resumed = given.resume === undefined ? undefined : resumedFrom(given.resume, given.steps);
  const unfinished = unfinishedWork(work, given, resumed?.step);
  if (unfinished !== undefined) {
    resumed?.checkpoint?.close();
    return unfinished;
  }
  if (resumed !== undefined) return resumed;
  if (given.initCheckpoint === undefined) {
    return { ...fresh, checkpoint: undefined, how: 'starts from fresh weights' };
  }
  const checkpoint = openCheckpoint(given.initCheckpoint);
  const how = `starts from the weights of ${basename(checkpoint.prefix)}, with a fresh optimizer`;
  return { ...fresh, checkpoint, how };
}

function resumedFrom(path: string, steps: number): StartingPoint {
  const checkpoint = openCheckpoint(path);
  if (checkpoint.step === undefined) {
    throw new CheckpointError(
      `${checkpoint.prefix} has no global_step: it is no checkpoint of a training. To start from its weights, give it as init_checkpoint`,
    );
  }
  if (checkpoint.step >= steps) {
    throw new TrainingError(
      `${checkpoint.prefix} is at step ${checkpoint.step} already, and the training ends at step ${steps}: raise steps`,
    );
  }
  const position = readPosition(checkpoint.prefix);
  const data = position === undefined ? ', with the data from its beginning' : '';
  const { step } = checkpoint;
  return { step, position, checkpoint, whole: true, lastSaved: step, how: `goes on from step ${step}${data}` };
}

/** The newest checkpoint in the work folder that is whole; damaged ones are passed over, with a warning. */
function unfinishedWork(work: WorkFolder, { warn }: Given, resumedStep: number | undefined): StartingPoint | undefined {
  const due = listedCheckpoints(work.modelDirectory);
  const prefixes = [
    ...due.map((name) => join(work.modelDirectory, name)),
    ...listedCheckpoints(work.interrupted).map((name) => join(work.interrupted, name)),
  ];
  const newestFirst = prefixes.toSorted((a, b) => stepOf(b) - stepOf(a));
  for (const prefix of newestFirst) {
    try {
      const checkpoint = openCheckpoint(prefix);
      checkpoint.verify();
      const step = stepOf(prefix);
      const earlier = due.map(stepOf).filter((other) => other <= step);
      const lastSaved = earlier.length > 0 ? Math.max(...earlier) : resumedStep;
      const position = readPosition(prefix);
      return { step, position, checkpoint, whole: true, lastSaved, how: `goes on from step ${step}` };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      warn(`${error.message}: passed over`);
    }
  }
  return undefined;
}

const stepOf = (prefix: string) => Number(/\d+$/.exec(prefix)?.[0] ?? 0);
