import assert from 'node:assert/strict';
import test from 'node:test';
import { vocabularyOf } from '../../src/wordpiece/vocabulary.ts';

test('a duplicate line keeps its first place and takes its last id', () => {
  const { tokens, ids, positions } = vocabularyOf(['[UNK]', 'a', 'b', 'a', 'c']);
  assert.deepEqual(tokens, ['[UNK]', 'a', 'b', 'c']);
  assert.deepEqual(Array.from(ids), [0, 3, 2, 4]);
  assert.equal(positions.get('c'), 3);
});
