/** The five tasks of JGLUE (Kurihara et al., LREC 2022), and how its fine-tuning README sets each up. */
export const taskNames = ['marc_ja', 'jsts', 'jnli', 'jsquad', 'jcommonsenseqa'] as const;

export type TaskName = (typeof taskNames)[number];

/** What a model is asked for: one of the labels, a number, one of five choices, or a span of the text. */
export type TaskKind = 'classification' | 'regression' | 'choice' | 'span';

export interface Task {
  readonly name: TaskName;
  /** As in papers. */
  readonly title: string;
  readonly kind: TaskKind;
  /** Keys in the JSON of an example. */
  readonly fields: { readonly id: string; readonly first: string; readonly second: string | undefined };
  /** Names of its metrics; the first one is what the best run is chosen by. */
  readonly metrics: readonly string[];
  readonly maxSequenceLength: number;
  /** Size of the published train set (v1.3 and, of MARC-ja, v1.1), for what training will cost. */
  readonly published: { readonly trainExamples: number; readonly trainBytes: number };
}

const pair = { id: 'sentence_pair_id', first: 'sentence1', second: 'sentence2' };

export const tasks: Readonly<Record<TaskName, Task>> = {
  marc_ja: {
    name: 'marc_ja',
    title: 'MARC-ja',
    kind: 'classification',
    fields: { id: 'review_id', first: 'sentence', second: undefined },
    metrics: ['accuracy'],
    maxSequenceLength: 512,
    published: { trainExamples: 187_528, trainBytes: 90_000_000 },
  },
  jsts: {
    name: 'jsts',
    title: 'JSTS',
    kind: 'regression',
    fields: pair,
    metrics: ['pearson', 'spearmanr'],
    maxSequenceLength: 128,
    published: { trainExamples: 12_451, trainBytes: 3_164_816 },
  },
  jnli: {
    name: 'jnli',
    title: 'JNLI',
    kind: 'classification',
    fields: pair,
    metrics: ['accuracy'],
    maxSequenceLength: 128,
    published: { trainExamples: 20_073, trainBytes: 5_215_776 },
  },
  jsquad: {
    name: 'jsquad',
    title: 'JSQuAD',
    kind: 'span',
    fields: { id: 'id', first: 'question', second: 'context' },
    metrics: ['em', 'f1'],
    maxSequenceLength: 384,
    published: { trainExamples: 62_859, trainBytes: 28_000_000 },
  },
  jcommonsenseqa: {
    name: 'jcommonsenseqa',
    title: 'JCommonsenseQA',
    kind: 'choice',
    fields: { id: 'q_id', first: 'question', second: undefined },
    metrics: ['accuracy'],
    maxSequenceLength: 64,
    published: { trainExamples: 8_939, trainBytes: 1_879_961 },
  },
};

/** Choices of a question in JCommonsenseQA. */
export const choiceCount = 5;
