import type { Batch } from '../../src/pretraining/records/read-batches.ts';

export interface RandomShape {
  readonly sequences: number;
  readonly positions: number;
  readonly predictions: number;
  readonly vocabSize: number;
}

/** Ids that follow from their place and `salt`; the last tokens and the last predictions of a sequence are padding. */
export function randomBatch({ sequences, positions, predictions, vocabSize }: RandomShape, salt = 0): Batch {
  const ids = (length: number, below: number) =>
    Int32Array.from({ length }, (_, i) => ((i + 1) * (7919 + salt)) % below);
  const padded = (width: number) => (_: unknown, i: number) => (i % width === width - 1 ? 0 : 1);
  return {
    size: sequences,
    inputWordIds: ids(sequences * positions, vocabSize),
    inputMask: Int32Array.from({ length: sequences * positions }, padded(positions)),
    inputTypeIds: ids(sequences * positions, 2),
    maskedPositions: ids(sequences * predictions, positions),
    maskedIds: ids(sequences * predictions, vocabSize),
    maskedWeights: Float32Array.from({ length: sequences * predictions }, padded(predictions)),
    nextSentenceLabels: ids(sequences, 2),
    position: { epoch: 0, index: 0 },
  };
}
