import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { encodeSequence, type Sequence } from '../../src/jglue/features/sequence.ts';
import type { TextEncoder } from '../../src/jglue/features/text-encoder.ts';
import { questionWindows, squadWindows, type Window } from '../../src/jglue/features/windows.ts';
import { answerScores } from '../../src/jglue/metrics/answer-scores.ts';
import { bestAnswers } from '../../src/jglue/predictions/best-answers.ts';
import { classesOf, targetOf } from '../../src/jglue/tasks/labels.ts';
import { readQuestions } from '../../src/jglue/tasks/questions.ts';
import { readSentenceExamples } from '../../src/jglue/tasks/sentence-examples.ts';
import { type TaskName, tasks } from '../../src/jglue/tasks/task.ts';
import { absent, golden, goldenEncoder, goldenJson } from './golden.ts';

interface Features {
  readonly input_ids: readonly number[];
  readonly token_type_ids: readonly number[];
  readonly attention_mask: readonly number[];
}

const skip = absent;
const encoders = {} as Record<'wordpiece' | 'character', TextEncoder>;
before(async () => {
  if (skip) return;
  encoders.wordpiece = await goldenEncoder('wordpiece');
  encoders.character = await goldenEncoder('character');
});

function assertFeatures(sequence: Sequence, expected: Features, pad: number): void {
  const { length } = expected.input_ids;
  const { ids, firstLength } = sequence;
  const padded = <T>(values: readonly T[], filler: T) => [...values, ...Array<T>(length - values.length).fill(filler)];
  assert.deepEqual(padded(ids, pad), expected.input_ids);
  assert.deepEqual(
    padded(
      ids.map((_, i) => (i < firstLength ? 0 : 1)),
      0,
    ),
    expected.token_type_ids,
  );
  assert.deepEqual(
    padded(
      ids.map(() => 1),
      0,
    ),
    expected.attention_mask,
  );
}

test('texts and pairs of every kind are encoded as by transformers', { skip }, () => {
  interface Case extends Features {
    readonly sentence1: string;
    readonly sentence2: string | null;
    readonly max_length: number;
  }
  const cases = goldenJson<Record<'wordpiece' | 'character', Case[]>>('edge_features.json');
  for (const kind of ['wordpiece', 'character'] as const) {
    for (const each of cases[kind]) {
      const { sentence1, sentence2, max_length } = each;
      assertFeatures(
        encodeSequence(encoders[kind], sentence1, sentence2 ?? undefined, max_length),
        each,
        encoders[kind].pad,
      );
    }
  }
});

for (const name of ['marc_ja', 'jsts', 'jnli'] as const) {
  test(`${name}: features and labels are run_glue's`, { skip }, async () => {
    const features = goldenJson<Record<'train' | 'dev', (Features & { label: number })[]>>(name, 'features.json');
    const read = (split: string) =>
      readSentenceExamples(join(golden!, name, `${split}.json`), tasks[name], { labelled: true });
    const classes = tasks[name].kind === 'classification' ? classesOf(await read('train')) : undefined;
    for (const split of ['train', 'dev'] as const) {
      const examples = await read(split);
      for (const [i, expected] of features[split].entries()) {
        const [[first, second]] = examples[i]!.texts as [readonly [string, string | undefined]];
        assertFeatures(encodeSequence(encoders.wordpiece, first, second, tasks[name].maxSequenceLength), expected, 0);
        assert.ok(Math.abs(targetOf(examples[i]!, classes)! - expected.label) < 1e-6);
      }
    }
  });
}

test("jcommonsenseqa: features are run_swag's", { skip }, async () => {
  interface Choices {
    readonly input_ids: number[][];
    readonly token_type_ids: number[][];
    readonly attention_mask: number[][];
    readonly label: number;
  }
  const name: TaskName = 'jcommonsenseqa';
  const features = goldenJson<Record<'train' | 'dev', Choices[]>>(name, 'features.json');
  for (const split of ['train', 'dev'] as const) {
    const examples = await readSentenceExamples(join(golden!, name, `${split}.json`), tasks[name], { labelled: true });
    for (const [i, expected] of features[split].entries()) {
      assert.equal(examples[i]!.label, expected.label);
      for (const [choice, [first, second]] of examples[i]!.texts.entries()) {
        assertFeatures(
          encodeSequence(encoders.wordpiece, first, second, 64),
          {
            input_ids: expected.input_ids[choice]!,
            token_type_ids: expected.token_type_ids[choice]!,
            attention_mask: expected.attention_mask[choice]!,
          },
          0,
        );
      }
    }
  }
});

interface SquadFeatures extends Features {
  readonly qas_id: string;
  readonly example_index: number;
  readonly start_position: number;
  readonly end_position: number;
  readonly paragraph_len: number;
  readonly tokens: readonly string[];
  readonly token_is_max_context?: Readonly<Record<string, boolean>>;
}

function assertWindow(
  window: Window,
  id: string,
  expected: SquadFeatures,
  encoder: TextEncoder,
  training: boolean,
): void {
  assert.equal(id, expected.qas_id);
  assert.equal(window.question, expected.example_index);
  assert.equal(window.length, expected.paragraph_len);
  assertFeatures(window.sequence, expected, encoder.pad);
  assert.deepEqual(window.sequence.ids.map(encoder.nameOf).slice(0, expected.tokens.length), expected.tokens);
  if (training) assert.deepEqual([window.start, window.end], [expected.start_position, expected.end_position]);
  const most = Object.fromEntries(
    Array.from({ length: window.length }, (_, i) => [String(i + window.offset), window.hasMostContext(i)]),
  );
  if (expected.token_is_max_context !== undefined) assert.deepEqual(most, expected.token_is_max_context);
}

test("jsquad: windows are run_squad's", { skip }, async () => {
  interface Short {
    readonly qas_id: string;
    readonly example_index: number;
    readonly start_position: number;
    readonly end_position: number;
    readonly paragraph_len: number;
  }
  const features = goldenJson<Record<'train' | 'dev', SquadFeatures[]> & Record<'train_all' | 'dev_all', Short[]>>(
    'jsquad',
    'features.json',
  );
  for (const split of ['train', 'dev'] as const) {
    const questions = await readQuestions(join(golden!, 'jsquad', `${split}.json`), { labelled: true });
    const { kept } = questionWindows(
      questions,
      encoders.wordpiece,
      { ...squadWindows, maxSequenceLength: 384 },
      split === 'train',
    );
    const windows = kept.flatMap(({ question, windows }) => windows.map((window) => ({ id: question.id, window })));
    assert.deepEqual(
      windows.map(({ id, window }) => [id, window.question, window.length, window.start, window.end]),
      features[`${split}_all`].map((each) => [
        each.qas_id,
        each.example_index,
        each.paragraph_len,
        each.start_position,
        each.end_position,
      ]),
    );
    for (const [i, expected] of features[split].entries()) {
      assertWindow(windows[i]!.window, windows[i]!.id, expected, encoders.wordpiece, split === 'train');
    }
  }
});

test('jsquad: hard contexts, answers and questions', { skip }, async () => {
  interface Case {
    readonly tokenizer: 'wordpiece' | 'character';
    readonly max_seq_length: number;
    readonly doc_stride: number;
    readonly max_query_length: number;
    readonly train?: readonly SquadFeatures[];
    readonly dev?: readonly SquadFeatures[];
    readonly skipped: readonly string[];
  }
  const questions = await readQuestions(join(golden!, 'jsquad/edge.json'), { labelled: true });
  for (const each of goldenJson<Case[]>('jsquad/edge_features.json')) {
    const encoder = encoders[each.tokenizer];
    const options = {
      maxSequenceLength: each.max_seq_length,
      stride: each.doc_stride,
      maxQuestionLength: each.max_query_length,
    };
    for (const split of ['train', 'dev'] as const) {
      if (each[split] === undefined || each[split].length === 0) continue;
      const { kept, skipped } = questionWindows(questions, encoder, options, split === 'train');
      if (split === 'train')
        assert.deepEqual(
          skipped.map(({ id }) => id),
          each.skipped,
        );
      const windows = kept.flatMap(({ question, windows }) => windows.map((window) => ({ id: question.id, window })));
      assert.equal(windows.length, each[split].length);
      for (const [i, expected] of each[split].entries()) {
        assertWindow(windows[i]!.window, windows[i]!.id, expected, encoder, split === 'train');
      }
    }
  }
});

test('jsquad: logits become the answers, probabilities and scores of the original', { skip }, async () => {
  interface Case {
    readonly tokenizer: 'wordpiece' | 'character';
    readonly results: readonly { unique_id: number; start_logits: number[]; end_logits: number[] }[];
    readonly predictions: Readonly<Record<string, string>>;
    readonly nbest_top5: Readonly<Record<string, { text: string; probability: number }[]>>;
    readonly nbest_count: Readonly<Record<string, number>>;
    readonly metrics: { exact: number; f1: number };
  }
  const questions = await readQuestions(join(golden!, 'jsquad/dev.json'), { labelled: true });
  for (const each of goldenJson<Case[]>('jsquad/postprocess.json')) {
    const encoder = encoders[each.tokenizer];
    const { kept } = questionWindows(questions, encoder, { ...squadWindows, maxSequenceLength: 384 }, false);
    const predictions = new Map<string, string>();
    let at = 0;
    for (const one of kept) {
      const logits = each.results
        .slice(at, at + one.windows.length)
        .map(({ start_logits, end_logits }) => ({ start: start_logits, end: end_logits }));
      at += one.windows.length;
      const { id } = one.question;
      const answers = bestAnswers(one, logits, encoder);
      predictions.set(id, answers[0]!.text);
      assert.equal(answers.length, each.nbest_count[id]);
      for (const [i, expected] of each.nbest_top5[id]!.entries()) {
        assert.equal(answers[i]!.text, expected.text);
        assert.ok(Math.abs(answers[i]!.probability - expected.probability) < 1e-8);
      }
    }
    assert.equal(at, each.results.length);
    assert.deepEqual(Object.fromEntries(predictions), each.predictions);
    const scores = answerScores(
      kept.map(({ question }) => ({ id: question.id, answers: question.answers.map(({ text }) => text) })),
      predictions,
    );
    assert.ok(Math.abs(100 * scores.exactMatch - each.metrics.exact) < 1e-6);
    assert.ok(Math.abs(100 * scores.f1 - each.metrics.f1) < 1e-6);
  }
});
