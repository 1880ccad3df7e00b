import type { Dictionary } from './dictionary.ts';
import { featureOf, featuresOf, type Lexicon, tokenRange } from './format/lexicon.ts';
import { neighboursOf } from './format/neighbours.ts';
import { characterEntries, isAlwaysCheaper, wordsOfCategory, wordsOfSurface } from './search/image-words.ts';

/**
 * What each character of the BMP (astral ones count as `joining`) says about the words with a certain feature, all of one
 * character. A `sure` one that has no `joinsNext` before and no `joinsPrevious` behind it is that word on the best path of any
 * line: no other word reaches over it, and those that stand in its place always cost more. So paths before and behind it do not
 * depend on each other, and no search is needed to find it.
 */
export interface SureWords {
  /** By UTF-16 code unit; in shared memory. */
  readonly flags: Uint8Array;
}

export const sureWordFlags = {
  /** It may be a word with the feature: without the rest, only a search tells. */
  possible: 1,
  sure: 2,
  joinsNext: 4,
  joinsPrevious: 8,
} as const;

const { possible, sure, joinsNext, joinsPrevious } = sureWordFlags;

const kindsMask = 0x3ffff;
const kindsOf = (entry: number) => entry & kindsMask;
const categoryOf = (entry: number) => (entry >>> 18) & 0xff;
const lengthOf = (entry: number) => (entry >>> 26) & 0xf;

/**
 * Finds the words whose features contain all of `parts`. Undefined where they are not all single characters, or unknown words
 * may have the feature: then only a search tells.
 */
export function findSureWords(dictionary: Dictionary, parts: readonly string[]): SureWords | undefined {
  const { lexicons, unknown, image, settings } = dictionary;
  if (parts.every((part) => settings.unknownFeature?.includes(part))) return undefined;
  if (tokensWith(unknown, parts).length > 0) return undefined;
  const wanted = wantedTokens(lexicons, parts);
  const entries = characterEntries(image);
  const flags = new Uint8Array(new SharedArrayBuffer(0x10000));
  const found: number[] = [];
  let tokens = 0;
  for (let code = 1; code < 0xffff; code++) {
    const count = wantedTokensOf(lexicons, code, wanted);
    if (count === 0) continue;
    tokens += count;
    found.push(code);
    flags[code]! |= possible | (isSure(dictionary, code, wanted) ? sure : 0);
  }
  if (tokens < wanted.size) return undefined;
  for (const lexicon of lexicons) {
    const { before, behind } = neighboursOf(lexicon, found);
    for (const code of before) flags[code]! |= joinsNext;
    for (const code of behind) flags[code]! |= joinsPrevious;
  }
  const kinds = found.reduce((all, code) => all | kindsOf(entries[code]!), 0);
  for (const [code, entry] of entries.entries()) if (entry & kinds) flags[code]! |= joinsNext | joinsPrevious;
  return { flags };
}

/** By their numbers, counted through all dictionaries. */
function wantedTokens(lexicons: readonly Lexicon[], parts: readonly string[]): Set<number> {
  const wanted = new Set<number>();
  let first = 0;
  for (const lexicon of lexicons) {
    for (const token of tokensWith(lexicon, parts)) wanted.add(first + token);
    first += lexicon.tokens.length / 8;
  }
  return wanted;
}

/** The tokens whose features contain all of `parts`; looks only at those with the last of them. */
function tokensWith(lexicon: Lexicon, parts: readonly string[]): number[] {
  const { buffer, byteOffset, length } = featuresOf(lexicon);
  const features = Buffer.from(buffer, byteOffset, length);
  const last = parts.at(-1)!;
  // Of each string with it: where it begins, and where `last` is in it for the last time.
  const begins: number[] = [];
  const reaches: number[] = [];
  for (let at = features.indexOf(last); at >= 0; at = features.indexOf(last, at + 1)) {
    const begin = at === 0 ? 0 : features.lastIndexOf(0, at - 1) + 1;
    if (begins.at(-1) === begin) reaches.pop();
    else begins.push(begin);
    reaches.push(at);
  }
  const found: number[] = [];
  if (begins.length === 0) return found;
  for (let token = 0; token < lexicon.tokens.length / 8; token++) {
    const start = lexicon.tokens[8 * token + 4]! | (lexicon.tokens[8 * token + 5]! << 16);
    const i = lastAtMost(begins, start);
    if (i < 0 || start > reaches[i]!) continue;
    const feature = featureOf(lexicon, token);
    if (parts.every((part) => feature.includes(part))) found.push(token);
  }
  return found;
}

/** Index of the last of ascending numbers that is not above `bound`; −1 if none is. */
function lastAtMost(numbers: readonly number[], bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function wantedTokensOf(lexicons: readonly Lexicon[], code: number, wanted: ReadonlySet<number>): number {
  let firstToken = 0;
  let found = 0;
  for (const lexicon of lexicons) {
    const leaf = leafOfCharacter(lexicon, code);
    if (leaf < 0) {
      const { first, count } = tokenRange(leaf);
      for (let i = 0; i < count; i++) if (wanted.has(firstToken + first + i)) found++;
    }
    firstToken += lexicon.tokens.length / 8;
  }
  return found;
}

/** The leaf of the word of one character of the BMP; 0 if there is none. */
function leafOfCharacter({ trie }: Lexicon, code: number): number {
  let base = trie[0]!;
  const step = (byte: number): boolean => {
    const unit = 2 * (base + byte + 1);
    if (trie[unit + 1] !== base) return false;
    base = trie[unit]!;
    return base >= 0;
  };
  const isThere =
    code < 0x80
      ? step(code)
      : code < 0x800
        ? step(0xc0 | (code >> 6)) && step(0x80 | (code & 63))
        : step(0xe0 | (code >> 12)) && step(0x80 | ((code >> 6) & 63)) && step(0x80 | (code & 63));
  return isThere && trie[2 * base + 1] === base ? Math.min(trie[2 * base]!, 0) : 0;
}

/** Whether one wanted word beats all others of this character, and no unknown word counts its characters up to it. */
function isSure({ image }: Dictionary, code: number, wanted: ReadonlySet<number>): boolean {
  const entries = characterEntries(image);
  const kinds = kindsOf(entries[code]!);
  if (kinds & kindsOf(entries[0x20]!)) return false;
  if (entries.some((entry) => entry & kinds && lengthOf(entry) > 0)) return false;
  const words = wordsOfSurface(image, Buffer.from(String.fromCharCode(code)));
  const rivals = [...words, ...wordsOfCategory(image, categoryOf(entries[code]!))];
  return words.some(
    (word) => wanted.has(word.token) && rivals.every((rival) => rival === word || isAlwaysCheaper(image, word, rival)),
  );
}
