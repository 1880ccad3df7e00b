import { isUtf8 } from 'node:buffer';
import { createTagger, type Dictionary } from '../../mecab/index.ts';
import { byteNormalizer } from '../../text/byte-normalizer.ts';
import { nfkcOfTokenizers } from '../../text/normalize.ts';
import { forEachLine } from '../../text/reading/read-lines.ts';
import { strippedBegin, strippedEnd, unicodeWhitespaceAt } from '../../text/whitespace.ts';
import { serveJobs } from '../../threads/workers.ts';
import { createWordTable, type PackedWords } from '../word-table.ts';

/** Split by MeCab, or at white space where there is no dictionary. */
export interface CountSetup {
  readonly dictionary?: Dictionary;
}

/** The words of a block and how often each occurs; nothing if the block is not UTF-8. */
export type CountAnswer = { readonly words: PackedWords; readonly counts: Float64Array<ArrayBuffer> } | undefined;

type Visit = (bytes: Uint8Array, begin: number, end: number) => void;

serveJobs<CountSetup, Uint8Array, CountAnswer>(({ dictionary }) => {
  const normalizer = byteNormalizer(nfkcOfTokenizers);
  const split = dictionary ? mecabSplitter(dictionary) : splitAtWhitespace;
  const table = createWordTable();
  let counts = new Float64Array(1 << 16);

  const count: Visit = (bytes, begin, end) => {
    const word = table.numberOf(bytes, begin, end);
    if (word === counts.length) {
      const larger = new Float64Array(2 * word);
      larger.set(counts);
      counts = larger;
    }
    counts[word]!++;
  };

  return (block) => {
    if (!isUtf8(block)) return { value: undefined };
    table.clear();
    counts.fill(0);
    forEachLine(block, (lineBegin, lineEnd) => {
      const length = normalizer.normalize(block, lineBegin, lineEnd);
      const { bytes } = normalizer;
      const begin = strippedBegin(bytes, 0, length, unicodeWhitespaceAt);
      split(bytes, begin, strippedEnd(bytes, begin, length, unicodeWhitespaceAt), count);
    });
    const words = table.packed();
    const value = { words, counts: counts.slice(0, table.size) };
    return { value, transfer: [words.text.buffer, words.offsets.buffer, value.counts.buffer] };
  };
});

type Splitter = (bytes: Uint8Array, begin: number, end: number, visit: Visit) => void;

function mecabSplitter(dictionary: Dictionary): Splitter {
  const tagger = createTagger(dictionary);
  return (bytes, begin, end, visit) => {
    const count = tagger.parse(bytes, begin, end);
    const { starts, ends } = tagger;
    for (let i = 0; i < count; i++) visit(bytes, starts[i]!, ends[i]!);
  };
}

const splitAtWhitespace: Splitter = (bytes, begin, end, visit) => {
  let from = begin;
  for (let at = begin; at < end; ) {
    const space = unicodeWhitespaceAt(bytes, at, end);
    if (space > 0 && at > from) visit(bytes, from, at);
    at += space || 1;
    if (space > 0) from = at;
  }
  if (end > from) visit(bytes, from, end);
};
