import type { Item } from '../training/batches.ts';

/** One part of a task's data, encoded, and what to make of the model's logits for it. */
export interface Split {
  /** In file order; for JSQuAD windows, several to a question. */
  readonly items: readonly Item[];
  /** Examples or questions in it. */
  readonly examples: number;
  /** `logits[i]` are those of `items[i]`. */
  evaluate(logits: readonly (readonly Float32Array[])[]): Evaluation;
}

export interface Evaluation {
  /** By the names that the scripts report; undefined for examples without labels. NaN where a metric is not defined. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  /** One line of the predictions file for each example. */
  readonly predictions: readonly Prediction[];
}

export type Prediction = Readonly<Record<string, unknown>>;
