import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratesFrom } from '../../../stages/measurements/measure-training.ts';

const wide = { operations: 6e11, bytes: 1e9 };
const narrow = { operations: 5e10, bytes: 4e8 };

test('two trainings of different shape tell products and activations apart', () => {
  const took = ({ operations, bytes }: typeof wide) => operations / 1e11 + bytes / 5e8;
  const rates = ratesFrom({ work: wide, seconds: took(wide) }, { work: narrow, seconds: took(narrow) });
  assert.ok(Math.abs(rates.operations / 1e11 - 1) < 1e-9 && Math.abs(rates.bytes / 5e8 - 1) < 1e-9);
});

test('times that no two rates explain give rates that are positive and explain the sum', () => {
  const rates = ratesFrom({ work: wide, seconds: 1 }, { work: narrow, seconds: 10 });
  assert.ok(rates.operations > 0 && rates.bytes > 0);
  const sum = [wide, narrow].reduce(
    (s, { operations, bytes }) => s + operations / rates.operations + bytes / rates.bytes,
    0,
  );
  assert.ok(Math.abs(sum - 11) < 1e-9);
});
