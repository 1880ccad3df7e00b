import { nfkc } from '../text/normalize.ts';
import { splitAtWhitespace } from '../text/whitespace.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The pieces of one word, as places in the vocabulary; from its size on, as those places' tokens behind ##. */
export type Subwords = (word: string) => number[];

const longestWord = 100;

/** Greedy longest match; a word that does not come out whole is unknown. White space inside a word divides it. */
export function wordPieces({ positions }: Vocabulary, unknown: number): Subwords {
  /** Places of the tokens that go on a word, by their text behind ##. */
  const continuations = new Map<string, number>();
  for (const [token, position] of positions) if (token.startsWith('##')) continuations.set(token.slice(2), position);
  const longest = longestByUnit(positions.keys());
  const longestContinuation = longestByUnit(continuations.keys());

  const piecesOf = (word: string): number[] => {
    if (word.length > longestWord && Array.from(word).length > longestWord) return [unknown];
    const pieces: number[] = [];
    for (let start = 0; start < word.length; ) {
      const candidates = start === 0 ? positions : continuations;
      const limit = (start === 0 ? longest : longestContinuation)[word.charCodeAt(start)]!;
      let end = Math.min(word.length, start + limit);
      let piece: number | undefined;
      // No token ends within a surrogate pair, so cuts may.
      while (end > start) {
        piece = candidates.get(word.slice(start, end));
        if (piece !== undefined) break;
        end--;
      }
      if (piece === undefined) return [unknown];
      pieces.push(piece);
      start = end;
    }
    return pieces;
  };
  return (word) => splitAtWhitespace(word).flatMap(piecesOf);
}

/** Length of the longest token that begins with each UTF-16 unit. */
function longestByUnit(tokens: Iterable<string>): Uint32Array {
  const longest = new Uint32Array(0x10000);
  for (const token of tokens) {
    const unit = token.charCodeAt(0);
    if (token.length > longest[unit]!) longest[unit] = token.length;
  }
  return longest;
}

/** Characters one by one, normalised again; an unknown one is [UNK] wherever it stands, the others go behind ##. */
export function characterPieces({ tokens, positions }: Vocabulary, unknown: number): Subwords {
  return (word) =>
    Array.from(nfkc(word), (character, i) => {
      const position = positions.get(character);
      if (position === undefined) return unknown;
      return i === 0 ? position : tokens.length + position;
    });
}
