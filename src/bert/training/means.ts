import type { PartSums } from './training-step.ts';

/** The scalars of Model Garden's summaries: losses are means over steps and replicas, accuracies over all that was predicted. */
export interface Means {
  readonly training_loss: number;
  readonly lm_example_loss: number;
  readonly masked_lm_accuracy: number;
  readonly next_sentence_loss: number;
  readonly next_sentence_accuracy: number;
}

export function meansOf(steps: readonly (readonly PartSums[])[]): Means {
  const parts = steps.flat();
  const mean = (value: (part: PartSums) => number) => total(value) / parts.length;
  const total = (value: (part: PartSums) => number) => parts.reduce((sum, part) => sum + value(part), 0);
  const maskedLm = mean(({ maskedLm, masked }) => (masked > 0 ? maskedLm / masked : 0));
  const nextSentence = mean(({ nextSentence, sequences }) => nextSentence / sequences);
  const masked = total((part) => part.masked);
  return {
    training_loss: maskedLm + nextSentence,
    lm_example_loss: maskedLm,
    masked_lm_accuracy: masked > 0 ? total((part) => part.maskedLmCorrect) / masked : 0,
    next_sentence_loss: nextSentence,
    next_sentence_accuracy: total((part) => part.nextSentenceCorrect) / total((part) => part.sequences),
  };
}
