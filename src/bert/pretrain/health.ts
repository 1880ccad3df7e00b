/** Notices a training that has gone wrong before anything of it is kept. */
import { join } from 'node:path';
import type { Variable } from '../model/variables.ts';
import { TrainingError } from '../progress/error.ts';
import { listedCheckpoints } from '../training/checkpoint.ts';

export interface Health {
  /** Throws `TrainingError` if the step's loss is no number, or too large. */
  checkLoss(step: number, loss: number): void;
  /** The values, or `TrainingError` if some are not numbers. */
  finite(step: number, variable: Variable, values: Float32Array): Float32Array;
}

/** A model that guesses at random has the loss ln V + ln 2; beyond ten times that it has exploded, or beyond Model Garden's `loss_upper_bound`. */
export function watchHealth(modelDirectory: string, vocabSize: number, lossUpperBound: number): Health {
  const most = Math.min(lossUpperBound, 10 * (Math.log(vocabSize) + Math.LN2));
  const failure = (what: string, goodUntil: number): TrainingError => {
    const last = listedCheckpoints(modelDirectory).findLast((name) => Number(/\d+$/.exec(name)) <= goodUntil);
    const rest =
      last === undefined ? 'there is no good checkpoint' : `the last good checkpoint is ${join(modelDirectory, last)}`;
    return new TrainingError(`${what}; ${rest}. A lower learning rate or a longer warm-up may help`);
  };
  return {
    // A step's loss is that of the weights before it: a checkpoint of those is the first bad one.
    checkLoss(step, loss) {
      if (!Number.isFinite(loss)) throw failure(`the loss is ${loss} at step ${step}`, step - 2);
      if (loss > most) {
        throw failure(
          `the loss has exploded to ${loss.toFixed(2)} at step ${step}, above ${most.toFixed(2)}`,
          step - 2,
        );
      }
    },
    finite(step, { key }, values) {
      if (!values.every(Number.isFinite))
        throw failure(`${key} has values that are no numbers after step ${step}`, step - 1);
      return values;
    },
  };
}
