import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { accuracy } from '../../src/jglue/metrics/accuracy.ts';
import { answerScores, characterF1, exactMatch, normalizeAnswer } from '../../src/jglue/metrics/answer-scores.ts';
import { correlations } from '../../src/jglue/metrics/correlation.ts';
import { fixturePath } from '../fixtures.ts';

/** Made by test/fidelity/jglue-metrics.py. */
const cases = JSON.parse(readFileSync(fixturePath('jglue/metrics.json'), 'utf8')) as {
  readonly correlations: readonly { predictions: number[]; references: number[]; pearson: number; spearman: number }[];
  readonly accuracy: readonly { predictions: number[]; labels: number[]; accuracy: number }[];
  readonly f1: readonly { gold: string; predicted: string; f1: number }[];
};

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

test('correlations are SciPy’s, ties and all', () => {
  assert.ok(cases.correlations.length > 50);
  for (const { predictions, references, pearson, spearman } of cases.correlations) {
    const ours = correlations(predictions, references);
    near(ours.pearson, pearson);
    near(ours.spearman, spearman);
  }
});

test('accuracy and F1 are scikit-learn’s', () => {
  assert.ok(cases.accuracy.length > 20 && cases.f1.length > 50);
  for (const { predictions, labels, accuracy: expected } of cases.accuracy)
    near(accuracy(predictions, labels), expected);
  for (const { gold, predicted, f1 } of cases.f1) near(characterF1(gold, predicted), f1);
});

const numbers = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
  minLength: 2,
  maxLength: 40,
});

test('a correlation is symmetric, bounded, and blind to order and to a linear change of scale', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 9 }), (pairs, scale, shift) => {
      const [x, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      const ours = correlations(x, y);
      const others = [
        correlations(y, x),
        correlations(x.toReversed(), y.toReversed()),
        correlations(
          x.map((a) => scale * a + shift),
          y,
        ),
      ];
      for (const name of ['pearson', 'spearman'] as const) {
        if (Number.isNaN(ours[name])) {
          assert.ok(new Set(x).size === 1 || new Set(y).size === 1);
          for (const other of others) assert.ok(Number.isNaN(other[name]));
        } else {
          assert.ok(Math.abs(ours[name]) <= 1);
          for (const other of others) near(other[name], ours[name]);
        }
      }
      // Ranks see only the order.
      const cubes = correlations(
        x.map((a) => a ** 3),
        y,
      );
      if (!Number.isNaN(ours.spearman)) near(cubes.spearman, ours.spearman);
    }),
  );
});

const text = fc.string({ unit: fc.constantFrom('東', '京', '都', 'A', 'a', '。', ' ', '　', '𠮷'), maxLength: 12 });

test('F1 is symmetric, 1 for what matches exactly, and never below the exact match', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const f1 = characterF1(a, b);
      near(characterF1(b, a), f1);
      assert.ok(f1 >= exactMatch(a, b) && f1 <= 1);
      assert.equal(characterF1(a, a), 1);
      assert.equal(exactMatch(a, a), 1);
      assert.ok(!/[ 　]{2}/.test(normalizeAnswer(a)));
    }),
  );
});

test('a further gold answer never lowers a score', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), text, text, (answers, more, predicted) => {
      const predictions = new Map([['q', predicted]]);
      // An answer of nothing does not count, unless it is alone.
      fc.pre(answers.some((answer) => normalizeAnswer(answer) !== ''));
      const before = answerScores([{ id: 'q', answers }], predictions);
      const after = answerScores([{ id: 'q', answers: [...answers, more] }], predictions);
      assert.ok(after.exactMatch >= before.exactMatch && after.f1 >= before.f1);
    }),
  );
});
