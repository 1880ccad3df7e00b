import assert from 'node:assert/strict';
import test from 'node:test';
import { characterPieces, wordPieces } from '../../src/wordpiece/subwords.ts';
import { vocabularyOf } from '../../src/wordpiece/vocabulary.ts';

const vocabulary = vocabularyOf(['[UNK]', 'ab', 'a', '##c', '##cd', '##b', '𠮷', '##𠮷', 'か', 'が']);

function subwords(word: string): string[] {
  return wordPieces(vocabulary, 0)(word).map((piece) => vocabulary.tokens[piece]!);
}

test('the longest piece is taken first', () => assert.deepEqual(subwords('abcd'), ['ab', '##cd']));

test('a word with a part that no piece covers is unknown as a whole', () =>
  assert.deepEqual(subwords('abx'), ['[UNK]']));

test('a hundred code points are a word, one more is unknown', () => {
  assert.deepEqual(subwords('𠮷'.repeat(100)).length, 100);
  assert.deepEqual(subwords('𠮷'.repeat(101)), ['[UNK]']);
});

test('white space inside a word divides it', () => {
  assert.deepEqual(subwords('a\u2028ab\u001ca'), ['a', 'ab', 'a']);
  assert.deepEqual(subwords(' '), []);
});

test('characters are normalised, and unknown ones are never continued', () => {
  assert.deepEqual(characterPieces(vocabulary, 0)('か\u3099xか'), [9, 0, 18]);
});
