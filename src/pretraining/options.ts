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
