import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createSentenceSplitter, sentenceEnd } from '../../src/corpus/sentence-splitter.ts';
import { type Dictionary, findSureWords, loadDictionary, sureWordFlags } from '../../src/mecab/index.ts';
import { sampleText } from '../../src/mecab/search/sample-text.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { unidicLite } from '../unidic-lite.ts';

const prose = sampleText.replaceAll('\n', '');
const snippet = fc.tuple(fc.nat(prose.length), fc.nat(12)).map(([at, n]) => prose.slice(at, at + n));
// Ends, what joins them, words that hold them, and white space.
const pieces = [
  ...'。．.！!？?」』）・、…ー々〇_A1 　😀𠮷ωﾟ',
  '。。',
  '3.14',
  'モー娘。',
  '(。・ω・)',
  'Ph．D．',
  '娘',
  ' 。',
  '。 ',
];
const line = fc
  .array(fc.oneof(snippet, fc.constantFrom(...pieces), fc.string({ unit: 'grapheme', maxLength: 3 })), {
    maxLength: 14,
  })
  .map((parts) => parts.join('').replaceAll('\0', ''));

function sentences(split: ReturnType<typeof createSentenceSplitter>, text: string): string[] {
  const bytes = Buffer.from(text);
  const found: string[] = [];
  split(bytes, bytes.length, (begin, end) => found.push(bytes.toString('utf8', begin, end)));
  return found;
}

function checkSame(dictionary: Dictionary): void {
  const sure = findSureWords(dictionary, sentenceEnd);
  assert.ok(sure && sure.flags['。'.charCodeAt(0)]! & sureWordFlags.sure);
  const quick = createSentenceSplitter(dictionary, sure);
  const thorough = createSentenceSplitter(dictionary, undefined);
  fc.assert(
    fc.property(line, (text) => assert.deepEqual(sentences(quick, text), sentences(thorough, text))),
    { numRuns: 20_000 },
  );
  assert.deepEqual(sentences(quick, prose.repeat(3)), sentences(thorough, prose.repeat(3)));
}

test('sentences end where a search of the whole line ends them, with IPADIC', async () => {
  checkSame(await loadDictionary(await embeddedIpadic()));
});

const unidic = unidicLite();
test('the same with unidic-lite', { skip: unidic ? false : 'no unidic-lite' }, async () => {
  checkSame(await loadDictionary(unidic!));
});
