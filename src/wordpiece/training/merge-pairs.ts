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
  // Pairs and words that a step finds; lastWord[p] is the word for which pair p was noted last.
  let lastWord = new Int32Array(1 << 16).fill(-1);
  let notedPairs: number[] = [];
  let notedWords: number[] = [];

  function note(pair: number, word: number): void {
    if (pair >= lastWord.length) lastWord = extended(lastWord, pair, -1);
    if (lastWord[pair] === word) return;
    lastWord[pair] = word;
    notedPairs.push(pair);
    notedWords.push(word);
  }

  function change(left: number, right: number, by: number, word: number): void {
    const pair = pairs.numberOf(left, right);
    pairs.counts[pair]! += by;
    if (by > 0) note(pair, word);
  }

  /** One queue entry for each noted pair, with the words it was noted for side by side. */
  function enqueueNoted(): void {
    const nextOf = new Map<number, number>();
    for (const pair of notedPairs) nextOf.set(pair, (nextOf.get(pair) ?? 0) + 1);
    if (wordCount + notedWords.length > words.length) words = extended(words, wordCount + notedWords.length, 0);
    const distinctPairs = [...nextOf.keys()];
    for (const pair of distinctPairs) {
      const length = nextOf.get(pair)!;
      nextOf.set(pair, wordCount);
      if (pairs.counts[pair]! > 0) queue.push(pair, wordCount, wordCount + length);
      wordCount += length;
    }
    for (let i = 0; i < notedPairs.length; i++) {
      const pair = notedPairs[i]!;
      const at = nextOf.get(pair)!;
      words[at] = notedWords[i]!;
      nextOf.set(pair, at + 1);
      lastWord[pair] = -1;
    }
    notedPairs = [];
    notedWords = [];
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
