import type { PartSums } from './training-step.ts';

/** The scalars of Model Garden's summaries: losses are means over steps and replicas, accuracies over all that was predicted. */
export interface Means {
  readonly training_loss: number;
  readonly lm_example_loss: number;
  readonly masked_lm_accuracy: number;
  readonly next_sentence_loss: number;
  readonly next_sentence_accuracy: number;
}

/** What the means are made of, over any number of steps. */
export interface RunningSums {
  readonly parts: number;
  /** Σ over parts of the part's mean loss. */
  readonly maskedLm: number;
  readonly nextSentence: number;
  /** Σ weights of masked tokens, and of those that were predicted. */
  readonly masked: number;
  readonly maskedCorrect: number;
  readonly sequences: number;
  readonly sequencesCorrect: number;
}

export const noSums: RunningSums = {
  parts: 0,
  maskedLm: 0,
  nextSentence: 0,
  masked: 0,
  maskedCorrect: 0,
  sequences: 0,
  sequencesCorrect: 0,
};

/** With the parts of one more step. A part without a single masked token has no masked-LM loss. */
export function withParts(sums: RunningSums, parts: readonly PartSums[]): RunningSums {
  return parts.reduce(
    (before, part) => ({
      parts: before.parts + 1,
      maskedLm: before.maskedLm + (part.masked > 0 ? part.maskedLm / part.masked : 0),
      nextSentence: before.nextSentence + part.nextSentence / part.sequences,
      masked: before.masked + part.masked,
      maskedCorrect: before.maskedCorrect + part.maskedLmCorrect,
      sequences: before.sequences + part.sequences,
      sequencesCorrect: before.sequencesCorrect + part.nextSentenceCorrect,
    }),
    sums,
  );
}

export function meansOf(sums: RunningSums): Means {
  const maskedLm = sums.maskedLm / sums.parts;
  const nextSentence = sums.nextSentence / sums.parts;
  return {
    training_loss: maskedLm + nextSentence,
    lm_example_loss: maskedLm,
    masked_lm_accuracy: sums.masked > 0 ? sums.maskedCorrect / sums.masked : 0,
    next_sentence_loss: nextSentence,
    next_sentence_accuracy: sums.sequencesCorrect / sums.sequences,
  };
}
