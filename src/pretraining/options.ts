import { PretrainingError } from './pretraining-error.ts';

/** What shapes the instances: the flags of the original create_pretraining_data.py. */
export interface InstanceOptions {
  readonly maxSeqLength: number;
  readonly maxPredictionsPerSeq: number;
  readonly maskedLmProb: number;
  readonly dupeFactor: number;
  readonly shortSeqProb: number;
  readonly randomSeed: number;
  readonly doWholeWordMask: boolean;
}

/** Throws `PretrainingError` for options that give no instances, or none that make sense. */
export function checkOptions(options: InstanceOptions, idLimit: number): void {
  const { maxSeqLength, maxPredictionsPerSeq } = options;
  if (maxSeqLength < 5) {
    throw new PretrainingError(
      `max_seq_length ${maxSeqLength}: at least 5, for [CLS] A [SEP] B [SEP] with a token in A and in B.`,
    );
  }
  if (maxPredictionsPerSeq > maxSeqLength) {
    throw new PretrainingError(
      `max_predictions_per_seq ${maxPredictionsPerSeq} is more than max_seq_length ${maxSeqLength} has positions.`,
    );
  }
  if (maxSeqLength * idLimit >= 2 ** 32) {
    throw new PretrainingError(
      `max_seq_length ${maxSeqLength} × ${idLimit} words of the vocabulary: must be below 2^32.`,
    );
  }
}

/** Positions masked in an instance of `length` tokens, special ones included. */
export function predictionsFor(length: number, { maskedLmProb, maxPredictionsPerSeq }: InstanceOptions): number {
  return Math.min(maxPredictionsPerSeq, Math.max(1, roundHalfToEven(length * maskedLmProb)));
}

/** The most masks that any instance has. */
export function maxMasksOf(options: InstanceOptions): number {
  return predictionsFor(options.maxSeqLength, options);
}

/** Python's `round`. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
