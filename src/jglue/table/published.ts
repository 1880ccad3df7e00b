/** Dev results that the models' authors published (README of bert-japanese), one seed each; best of the grid by dev. */
import type { TaskName } from '../tasks/task.ts';

/** By task, in the order of its metrics. */
export type PublishedRow = Readonly<Record<TaskName, readonly number[]>>;

const row = (
  marc: number,
  jsts: readonly [number, number],
  jnli: number,
  jsquad: readonly [number, number],
  jcommonsenseqa: number,
): PublishedRow => ({ marc_ja: [marc], jsts, jnli: [jnli], jsquad, jcommonsenseqa: [jcommonsenseqa] });

export const published = {
  'base-v2': row(0.958, [0.91, 0.871], 0.901, [0.869, 0.939], 0.803),
  'base-v3': row(0.962, [0.919, 0.881], 0.907, [0.88, 0.946], 0.848),
  'base-char-v2': row(0.957, [0.891, 0.851], 0.896, [0.87, 0.938], 0.724),
  'base-char-v3': row(0.959, [0.914, 0.875], 0.903, [0.871, 0.939], 0.786),
  large: row(0.958, [0.913, 0.874], 0.902, [0.881, 0.946], 0.823),
  'large-v2': row(0.96, [0.926, 0.893], 0.929, [0.893, 0.956], 0.893),
  'large-char': row(0.958, [0.883, 0.842], 0.899, [0.87, 0.938], 0.753),
  'large-char-v2': row(0.961, [0.921, 0.884], 0.91, [0.892, 0.952], 0.859),
} as const satisfies Readonly<Record<string, PublishedRow>>;

export type PublishedName = keyof typeof published;

/** `base-v3`, or its name on the hub, `tohoku-nlp/bert-base-japanese-v3`. Undefined for another. */
export function publishedName(name: string): PublishedName | undefined {
  const short = name
    .replace(/^.*\//, '')
    .replace(/^bert-/, '')
    .replace('-japanese', '');
  return Object.hasOwn(published, short) ? (short as PublishedName) : undefined;
}

/** The grid that they are the best of. */
export const publishedGrid = { learningRates: [5e-5, 3e-5, 2e-5], epochs: [3, 4] } as const;
