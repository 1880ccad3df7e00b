import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accuracy, argMax } from '../../src/jglue/metrics/accuracy.ts';
import { answerScores, characterF1, exactMatch, normalizeAnswer } from '../../src/jglue/metrics/answer-scores.ts';
import { correlations } from '../../src/jglue/metrics/correlation.ts';
import { largest, softmax } from '../../src/jglue/predictions/best-answers.ts';
import { threeDecimals } from '../../src/jglue/predictions/three-decimals.ts';
import { golden, goldenJson } from './golden.ts';

interface Cases {
  readonly pearson_spearman: readonly {
    predictions: (number | 'NaN')[];
    references: number[];
    expected: { pearson: number | 'NaN'; spearmanr: number | 'NaN'; error?: string };
  }[];
  readonly accuracy: readonly { logits: number[][]; labels: number[]; predictions: number[]; accuracy: number }[];
  readonly argmax: readonly { logits: number[]; expected: number }[];
  readonly normalize_answer: readonly { input: string; expected: string }[];
  readonly exact_f1: readonly { gold: string; prediction: string; expected: { exact: number; f1: number } }[];
  readonly squad_evaluate: readonly {
    examples: { qas_id: string; answers: string[] }[];
    predictions: Record<string, string>;
    expected: { exact: number; f1: number };
  }[];
  readonly best_indexes: readonly { logits: number[]; n_best_size: number; expected: number[] }[];
  readonly softmax: readonly { scores: number[]; expected: number[] }[];
  readonly format_3_3f: readonly { value: number; expected: string }[];
}

const skip = golden === undefined;
const cases = skip ? undefined : goldenJson<Cases>('metrics_cases.json');
const near = (actual: number, expected: number | 'NaN', what: string) =>
  expected === 'NaN'
    ? assert.ok(Number.isNaN(actual), what)
    : assert.ok(Math.abs(actual - expected) < 1e-6, `${what}: ${actual}, not ${expected}`);

test('correlations are those of the GLUE metric', { skip }, () => {
  for (const { predictions, references, expected } of cases!.pearson_spearman) {
    const given = predictions.map(Number);
    if (expected.error !== undefined) {
      assert.throws(() => correlations(given, references), /a correlation needs/);
      continue;
    }
    const { pearson, spearman } = correlations(given, references);
    near(pearson, expected.pearson, `pearson of ${predictions.slice(0, 5)}`);
    near(spearman, expected.spearmanr, `spearman of ${predictions.slice(0, 5)}`);
  }
});

test('accuracy takes the first of equal logits', { skip }, () => {
  for (const each of cases!.argmax) assert.equal(argMax(each.logits), each.expected);
  for (const { logits, labels, predictions, accuracy: expected } of cases!.accuracy) {
    assert.deepEqual(logits.map(argMax), predictions);
    near(accuracy(predictions, labels), expected, 'accuracy');
  }
});

test('answers are normalised and scored as JGLUE does', { skip }, () => {
  for (const { input, expected } of cases!.normalize_answer) assert.equal(normalizeAnswer(input), expected);
  for (const { gold, prediction, expected } of cases!.exact_f1) {
    assert.equal(exactMatch(gold, prediction), expected.exact, `${gold} / ${prediction}`);
    near(characterF1(gold, prediction), expected.f1, `F1 of ${gold} / ${prediction}`);
  }
  for (const { examples, predictions, expected } of cases!.squad_evaluate) {
    const questions = examples.map(({ qas_id: id, answers }) => ({ id, answers }));
    const scores = answerScores(questions, new Map(Object.entries(predictions)));
    near(100 * scores.exactMatch, expected.exact, 'exact match');
    near(100 * scores.f1, expected.f1, 'F1');
  }
});

test('the best places and probabilities are the original’s', { skip }, () => {
  for (const each of cases!.best_indexes) assert.deepEqual(largest(each.logits, each.n_best_size), each.expected);
  for (const { scores, expected } of cases!.softmax) {
    for (const [i, value] of softmax(scores).entries()) near(value, expected[i]!, 'probability');
  }
});

test('three decimals are Python’s', { skip }, () => {
  for (const { value, expected } of cases!.format_3_3f) assert.equal(threeDecimals(value), expected);
});
