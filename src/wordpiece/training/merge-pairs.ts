import type { InitialVocabulary } from './initial-vocabulary.ts';
import { createMergeQueue } from './merge-queue.ts';
import { createPairTable } from './pair-table.ts';

export interface MergeOptions {
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly prefix: string;
  readonly signal?: AbortSignal;
  /** Called now and then. */
  progress?(vocabSize: number): void;
}

/**
 * Byte-pair merges until the vocabulary has `vocabSize` tokens or no pair occurs `minFrequency` times; returns the
 * tokens in the order of their ids. It follows tokenizers 0.13's trainer in what shows: a merged pair keeps its count,
 * an entry of the queue merges only in the words that it was made for, and two ways to the same text share one id. The
 * words' spelling in `initial` is used up.
 */
export function mergePairs(initial: InitialVocabulary, counts: Float64Array, options: MergeOptions): string[] {
  const { symbols, begins } = initial;
  const tokens = [...initial.tokens];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  // A word shrinks in place: it is symbols[begins[w], ends[w]).
  const ends = begins.slice(1);
  const pairs = createPairTable();
  const queue = createMergeQueue(pairs);
  // Words of the queue's entries; those of one entry are distinct.
  let words = new Int32Array(symbols.length);
  let wordCount = 0;
  // Pairs and words that a step finds: pair notedPairs[i] in word notedWords[i].
  let notedPairs = new Int32Array(1 << 16);
  let notedWords = new Int32Array(1 << 16);
  let notedCount = 0;
  // Of each pair: the word for which it was noted last, and how often it is noted, later where its next word goes.
  let lastWord = new Int32Array(1 << 16).fill(-1);
  let placeOf = new Int32Array(1 << 16);

  function note(pair: number, word: number): void {
    if (pair >= lastWord.length) {
      lastWord = extended(lastWord, pair, -1);
      placeOf = extended(placeOf, pair, 0);
    }
    if (lastWord[pair] === word) return;
    lastWord[pair] = word;
    if (notedCount === notedPairs.length) {
      notedPairs = extended(notedPairs, notedCount, 0);
      notedWords = extended(notedWords, notedCount, 0);
    }
    notedPairs[notedCount] = pair;
    notedWords[notedCount++] = word;
  }

  function change(left: number, right: number, by: number, word: number): void {
    const pair = pairs.numberOf(left, right);
    pairs.counts[pair]! += by;
    if (by > 0) note(pair, word);
  }

  /** One queue entry for each noted pair, with the words it was noted for side by side. */
  function enqueueNoted(): void {
    const distinct: number[] = [];
    for (let i = 0; i < notedCount; i++) if (placeOf[notedPairs[i]!]!++ === 0) distinct.push(notedPairs[i]!);
    if (wordCount + notedCount > words.length) words = extended(words, wordCount + notedCount, 0);
    for (const pair of distinct) {
      const length = placeOf[pair]!;
      placeOf[pair] = wordCount;
      if (pairs.counts[pair]! > 0) queue.push(pair, wordCount, wordCount + length);
      wordCount += length;
    }
    for (let i = 0; i < notedCount; i++) {
      const pair = notedPairs[i]!;
      words[placeOf[pair]!++] = notedWords[i]!;
      lastWord[pair] = -1;
    }
    for (const pair of distinct) placeOf[pair] = 0;
    notedCount = 0;
  }

  function merge(word: number, left: number, right: number, id: number): void {
    const begin = begins[word]!;
    const count = counts[word]!;
    let to = begin;
    let end = ends[word]!;
    for (let at = begin; at < end; at++, to++) {
      const symbol = symbols[at]!;
      if (symbol !== left || at + 1 === end || symbols[at + 1] !== right) {
        symbols[to] = symbol;
        continue;
      }
      if (to > begin) {
        change(symbols[to - 1]!, left, -count, word);
        change(symbols[to - 1]!, id, count, word);
      }
      if (at + 2 < end) {
        change(right, symbols[at + 2]!, -count, word);
        change(id, symbols[at + 2]!, count, word);
      }
      symbols[to] = id;
      at++;
    }
    end = to;
    ends[word] = end;
  }

  for (let word = 0; word < ends.length; word++) {
    for (let at = begins[word]! + 1; at < ends[word]!; at++)
      change(symbols[at - 1]!, symbols[at]!, counts[word]!, word);
  }
  enqueueNoted();
  while (tokens.length < options.vocabSize) {
    const top = queue.pop();
    if (!top || top.count < options.minFrequency) break;
    const left = pairs.left[top.pair]!;
    const right = pairs.right[top.pair]!;
    const token = tokens[left]! + withoutPrefix(tokens[right]!, options.prefix);
    let id = idOf.get(token);
    if (id === undefined) {
      id = tokens.push(token) - 1;
      idOf.set(token, id);
    }
    for (let at = top.begin; at < top.end; at++) merge(words[at]!, left, right, id);
    enqueueNoted();
    if (tokens.length % 256 === 0) {
      options.signal?.throwIfAborted();
      options.progress?.(tokens.length);
    }
  }
  return tokens;
}

function withoutPrefix(token: string, prefix: string): string {
  return token.startsWith(prefix) ? token.slice(prefix.length) : token;
}

function extended(old: Int32Array<ArrayBuffer>, needed: number, fill: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * (needed + 1)).fill(fill, old.length);
  larger.set(old);
  return larger;
}
