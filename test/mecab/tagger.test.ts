import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTagger, loadDictionary, tokenizeText } from '../../src/mecab/index.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';

const tagger = createTagger(await loadDictionary(await embeddedIpadic()));

test('a sentence is split as MeCab splits it', () => {
  assert.deepEqual(tokenizeText(tagger, 'すもももももももものうち'), [
    'すもも',
    'も',
    'もも',
    'も',
    'もも',
    'の',
    'うち',
  ]);
});

test('tokens have features, and unknown words those of their category', () => {
  const bytes = Buffer.from('東京。qzx');
  assert.equal(tagger.parse(bytes, 0, bytes.length), 3);
  assert.equal(tagger.feature(0), '名詞,固有名詞,地域,一般,*,*,東京,トウキョウ,トーキョー');
  assert.equal(tagger.feature(1), '記号,句点,*,*,*,*,。,。,。');
  assert.equal(tagger.feature(2), '名詞,固有名詞,組織,*,*,*,*');
});

test('offsets count from the start of the bytes, and white space belongs to no token', () => {
  const bytes = Buffer.from('>>  猫 犬  ');
  assert.equal(tagger.parse(bytes, 2, bytes.length), 2);
  assert.deepEqual([...tagger.starts.subarray(0, 2)], [4, 8]);
  assert.deepEqual([...tagger.ends.subarray(0, 2)], [7, 11]);
});

test('a line ends at U+0000', () => {
  assert.deepEqual(tokenizeText(tagger, '猫\0犬'), ['猫']);
});

test('an empty line has no tokens', () => {
  assert.deepEqual(tokenizeText(tagger, ''), []);
  assert.deepEqual(tokenizeText(tagger, ' \t'), []);
});
