/** A context of JSQuAD as SQuAD's reader takes it: pieces between white space, each tokenized on its own. */
import type { TextEncoder } from './text-encoder.ts';

export interface Document {
  readonly pieces: readonly string[];
  /** The piece that each code point belongs to, white space to the one before it; −1 for white space at the beginning. */
  readonly pieceOf: Int32Array;
  readonly ids: readonly number[];
  /** The piece of each token, and the first token of each piece. */
  readonly pieceOfToken: readonly number[];
  readonly firstToken: readonly number[];
}

/** `_is_whitespace` of transformers' SQuAD processor. U+3000 is not in it. */
const separators = new Set([' ', '\t', '\r', '\n', '\u202f']);

export function readDocument(context: string, encoder: TextEncoder): Document {
  const characters = Array.from(context);
  const pieces: string[] = [];
  let inPiece = false;
  const pieceOf = Int32Array.from(characters, (character) => {
    const isPart = !separators.has(character);
    if (isPart && inPiece) pieces[pieces.length - 1] += character;
    else if (isPart) pieces.push(character);
    inPiece = isPart;
    return pieces.length - 1;
  });
  const encoded = pieces.map((piece) => encoder.encode(piece));
  const firstToken: number[] = [];
  let count = 0;
  for (const tokens of encoded) {
    firstToken.push(count);
    count += tokens.length;
  }
  return {
    pieces,
    pieceOf,
    ids: encoded.flat(),
    pieceOfToken: encoded.flatMap((tokens, piece) => tokens.map(() => piece)),
    firstToken,
  };
}
