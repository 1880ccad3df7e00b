import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTagger, loadDictionary } from '../../src/mecab/index.ts';
import { sampleText } from '../../src/mecab/search/sample-text.ts';
import { sharedPath } from '../shared.ts';
import { ipadicDirectory } from './ipadic.ts';
import { loadOracle } from './oracle.ts';
import { printed } from './printed.ts';

const oracle = await loadOracle();
const tagger = createTagger(await loadDictionary(await ipadicDirectory()));

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

// U+FFFF is left out: MeCab reads its category from behind the end of char.bin.
const blocks = fc.integer({ min: 0, max: 0x10ff }).filter((block) => block < 0xd8 || block > 0xdf);
const character = fc.tuple(blocks, fc.integer({ min: 0, max: 0xff })).map(([block, low]) => block * 256 + low);
const anyCharacter = character
  .filter((code) => code !== 0 && code !== 0xffff)
  .map((code) => String.fromCodePoint(code));
const common = fc.constantFrom(
  ...' 　\tー・。、aA0９１ＡαЖ一二十年月人々ヶァアンぁあん゛ﾞ😀𠮷',
  '\u0301',
  '\u00a0',
  '\ufeff',
);
const run = fc.tuple(fc.oneof(anyCharacter, common), fc.integer({ min: 1, max: 30 })).map(([c, n]) => c.repeat(n));
const snippet = fc.tuple(fc.nat(sampleText.length), fc.nat(20)).map(([at, n]) => sampleText.slice(at, at + n));
const text = fc.array(fc.oneof(anyCharacter, common, run, snippet), { maxLength: 12 }).map((parts) => parts.join(''));

test('any characters give what MeCab gives', () => {
  fc.assert(
    fc.property(text, (line) => assertSame(Buffer.from(line))),
    { numRuns: 3000 },
  );
});

test('any bytes give what MeCab gives', () => {
  const bytes = fc.uint8Array({ min: 1, max: 255, maxLength: 40 });
  const spoilt = fc.tuple(text, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([line, at, byte]) => {
    const utf8 = Buffer.from(line);
    if (utf8.length > 0) utf8[at % utf8.length] = byte;
    return utf8;
  });
  fc.assert(fc.property(fc.oneof(bytes, spoilt), assertSame), { numRuns: 3000 });
});
