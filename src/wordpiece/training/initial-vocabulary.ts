import type { WordCounts } from './count-words.ts';

export interface InitialOptions {
  readonly specialTokens: readonly string[];
  /** Characters that are in, however rare. */
  readonly alphabet: readonly string[];
  /** At most so many characters; the most frequent stay, of equally frequent ones the lower code points. */
  readonly limitAlphabet: number;
  /** What a piece inside a word begins with. */
  readonly prefix: string;
}

/** What merging starts from. Word w is spelt `symbols[begins[w], begins[w + 1])`, ids of tokens. */
export interface InitialVocabulary {
  readonly tokens: string[];
  readonly symbols: Int32Array;
  readonly begins: Uint32Array;
}

/**
 * Special tokens, then the alphabet, then the characters that occur inside words behind the prefix; the latter two by
 * code point. Characters outside the alphabet are left out of the words' spelling, as tokenizers' trainer does.
 */
export function initialVocabulary(wordCounts: WordCounts, options: InitialOptions): InitialVocabulary {
  const alphabet = keptAlphabet(wordCounts, options);
  const tokens = distinct([...options.specialTokens, ...alphabet.map((code) => String.fromCodePoint(code))]);
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const firstId = new Int32Array(0x110000).fill(-1);
  for (const code of alphabet) firstId[code] = idOf.get(String.fromCodePoint(code))!;
  const innerId = new Int32Array(0x110000).fill(-1);
  for (const code of innerCharacters(wordCounts, firstId)) {
    const token = options.prefix + String.fromCodePoint(code);
    let id = idOf.get(token);
    if (id === undefined) {
      id = tokens.push(token) - 1;
      idOf.set(token, id);
    }
    innerId[code] = id;
  }
  return { tokens, ...spelling(wordCounts, firstId, innerId) };
}

function keptAlphabet({ words, counts }: WordCounts, { alphabet, limitAlphabet }: InitialOptions): number[] {
  const frequency = new Float64Array(0x110000);
  for (let word = 0; word < words.size; word++) {
    forEachCodePoint(words.wordBytes(word), (code) => {
      frequency[code]! += counts[word]!;
    });
  }
  for (const character of alphabet) {
    const code = character.codePointAt(0);
    if (code !== undefined) frequency[code] = Number.POSITIVE_INFINITY;
  }
  const seen: number[] = [];
  frequency.forEach((count, code) => {
    if (count > 0) seen.push(code);
  });
  const byFrequency = seen.sort((a, b) => (frequency[a] === frequency[b] ? a - b : frequency[b]! - frequency[a]!));
  return byFrequency.slice(0, limitAlphabet).sort((a, b) => a - b);
}

/** Characters of the alphabet that occur behind the first of a word, by code point. */
function innerCharacters({ words }: WordCounts, firstId: Int32Array): number[] {
  const isInner = new Uint8Array(0x110000);
  for (let word = 0; word < words.size; word++) {
    forEachCodePoint(words.wordBytes(word), (code, isFirst) => {
      if (!isFirst && firstId[code]! >= 0) isInner[code] = 1;
    });
  }
  const codes: number[] = [];
  for (let code = isInner.indexOf(1); code >= 0; code = isInner.indexOf(1, code + 1)) codes.push(code);
  return codes;
}

function spelling({ words }: WordCounts, firstId: Int32Array, innerId: Int32Array) {
  const begins = new Uint32Array(words.size + 1);
  const text = words.packed().text;
  const symbols = new Int32Array(text.length);
  let at = 0;
  for (let word = 0; word < words.size; word++) {
    forEachCodePoint(words.wordBytes(word), (code, isFirst) => {
      const id = (isFirst ? firstId : innerId)[code]!;
      if (id >= 0) symbols[at++] = id;
    });
    begins[word + 1] = at;
  }
  return { symbols: symbols.slice(0, at), begins };
}

function forEachCodePoint(bytes: Uint8Array, visit: (code: number, isFirst: boolean) => void): void {
  let isFirst = true;
  for (const character of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) {
    visit(character.codePointAt(0)!, isFirst);
    isFirst = false;
  }
}

const distinct = (tokens: readonly string[]) => [...new Set(tokens)];
