import { nfkc } from '../text/normalize.ts';
import { splitAtWhitespace } from '../text/whitespace.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The pieces of one word, as places in the vocabulary; from its size on, as those places' tokens behind ##. */
export type Subwords = (word: string) => number[];

const longestWord = 100;

/** Greedy longest match; a word that does not come out whole is unknown. White space inside a word divides it. */
export function wordPieces({ positions }: Vocabulary, unknown: number): Subwords {
  const piecesOf = (word: string): number[] => {
    const characters = Array.from(word);
    if (characters.length > longestWord) return [unknown];
    const pieces: number[] = [];
    for (let start = 0; start < characters.length; ) {
      let end = characters.length;
      let text = (start > 0 ? '##' : '') + characters.slice(start).join('');
      let piece = positions.get(text);
      while (piece === undefined && end > start + 1) {
        end--;
        text = text.slice(0, -characters[end]!.length);
        piece = positions.get(text);
      }
      if (piece === undefined) return [unknown];
      pieces.push(piece);
      start = end;
    }
    return pieces;
  };
  return (word) => splitAtWhitespace(word).flatMap(piecesOf);
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
