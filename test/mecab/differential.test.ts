import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTagger, loadDictionary } from '../../src/mecab/index.ts';
import { sampleText } from '../../src/mecab/search/sample-text.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { sharedPath } from '../shared.ts';
import { byteLine, textLine } from './lines.ts';
import { loadOracle } from './oracle.ts';
import { printed } from './printed.ts';

const oracle = await loadOracle();
const tagger = createTagger(await loadDictionary(await embeddedIpadic()));

function assertSame(line: Uint8Array): void {
  const expected = oracle(line);
  const actual = printed(tagger, line);
  if (!actual.equals(expected)) assert.equal(actual.toString(), expected.toString());
}

test('ordinary text gives what MeCab gives', () => {
  for (const line of sampleText.split('\n')) assertSame(Buffer.from(line));
  assertSame(Buffer.from(sampleText.replaceAll('\n', ' ')));
});

const corpus = sharedPath('golden/small.cc100.txt');
test('web text gives what MeCab gives', { skip: corpus === undefined && 'no shared data' }, () => {
  for (const line of readFileSync(corpus!, 'utf8').split('\n')) assertSame(Buffer.from(line));
});

test('any characters give what MeCab gives', () => {
  fc.assert(fc.property(textLine, assertSame), { numRuns: 3000 });
});

test('any bytes give what MeCab gives', () => {
  fc.assert(fc.property(byteLine, assertSame), { numRuns: 3000 });
});
