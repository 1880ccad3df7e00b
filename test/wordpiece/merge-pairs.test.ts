import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { countWords } from '../../src/wordpiece/training/count-words.ts';
import { type InitialVocabulary, initialVocabulary } from '../../src/wordpiece/training/initial-vocabulary.ts';
import { mergePairs } from '../../src/wordpiece/training/merge-pairs.ts';
import { createWordTable } from '../../src/wordpiece/word-table.ts';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';

const options = { specialTokens: ['[UNK]'], alphabet: [], limitAlphabet: 100, prefix: '##' };

function wordCounts(words: Record<string, number>) {
  const table = createWordTable();
  for (const word of Object.keys(words)) {
    const bytes = Buffer.from(word);
    table.numberOf(bytes, 0, bytes.length);
  }
  return { words: table, counts: Float64Array.from(Object.values(words)) };
}

function train(
  words: Record<string, number>,
  { limitAlphabet = 100, vocabSize = 1000, alphabet = [] as string[] } = {},
) {
  const counted = wordCounts(words);
  const initial = initialVocabulary(counted, { ...options, limitAlphabet, alphabet });
  return mergePairs(initial, counted.counts, { vocabSize, minFrequency: 2, prefix: '##' });
}

test('the alphabet and what follows ## stand in code-point order, then the merges by count', () => {
  assert.deepEqual(train({ cab: 5, cb: 3, b: 1 }), ['[UNK]', 'a', 'b', 'c', '##a', '##b', 'ca', 'cab', 'cb']);
});

test('of equally frequent pairs the one with lower ids is merged first', () => {
  assert.deepEqual(train({ ab: 2, cd: 2 }).slice(-2), ['ab', 'cd']);
});

test('a pair that occurs once is not merged', () => assert.deepEqual(train({ ab: 1 }), ['[UNK]', 'a', 'b', '##b']));

test('rare characters beyond the limit are left out, and their neighbours join', () => {
  assert.deepEqual(train({ axb: 5, a: 3, b: 3 }, { limitAlphabet: 2 }), ['[UNK]', 'a', 'b', '##b', 'ab']);
});

test('characters of the given alphabet stay, however rare', () => {
  assert.deepEqual(train({ aa: 5, b: 1 }, { limitAlphabet: 1, alphabet: ['b'] }), ['[UNK]', 'b']);
});

test('merging stops at the wanted size', () => {
  assert.equal(train({ abcdef: 9 }, { vocabSize: 12 }).length, 12);
});

test('repeated characters merge from the left', () => {
  assert.deepEqual(train({ aaaaa: 2 }), ['[UNK]', 'a', '##a', '##aa', 'aaa', 'aaaaa']);
});

const unidic = unidicLite();
const text = sharedPath('golden/tokenizer-train.txt');
const skip = unidic && text ? false : 'no golden files or no unidic-lite';

test('in the order of ##c that a run of the original happened to have, its vocabulary comes out', {
  skip,
}, async () => {
  const counted = await countWords({ texts: [text!], dictionary: unidic!, threads: 2 });
  const unused = Array.from({ length: 10 }, (_, i) => `[unused${i}]`);
  const initial = initialVocabulary(counted, {
    specialTokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...unused],
    alphabet: readFileSync(sharedPath('golden/alphabet.txt')!, 'utf8').trimEnd().split('\n'),
    limitAlphabet: 7012,
    prefix: '##',
  });
  for (const run of [1, 2, 3, 4]) {
    const expected = readFileSync(sharedPath(`golden/vocab/hf-12000-run${run}.txt`)!, 'utf8')
      .trimEnd()
      .split('\n');
    const merged = mergePairs(renumbered(initial, expected.slice(0, initial.tokens.length)), counted.counts, {
      vocabSize: 12000,
      minFrequency: 2,
      prefix: '##',
    });
    assert.deepEqual(merged, expected);
  }
});

function renumbered({ tokens, symbols, begins }: InitialVocabulary, order: string[]): InitialVocabulary {
  assert.deepEqual([...tokens].sort(), [...order].sort());
  const idOf = new Map(order.map((token, id) => [token, id]));
  return { tokens: order, symbols: symbols.map((id) => idOf.get(tokens[id]!)!), begins };
}
