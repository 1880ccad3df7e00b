import type { Document } from './document.ts';
import type { TextEncoder } from './text-encoder.ts';

/** First and last token of an answer in the document, both included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where training finds an answer: the first place in the answer's pieces whose tokens are the answer's own, tokenized apart; without one,
 * the pieces as a whole. Undefined if the pieces do not contain the answer's text: training leaves such a question out.
 */
export function answerSpan(
  { pieces, pieceOf, ids, firstToken }: Document,
  answer: { readonly text: string; readonly start: number },
  encoder: TextEncoder,
): Span | undefined {
  const last = Math.min(answer.start + Array.from(answer.text).length - 1, pieceOf.length - 1);
  const [from, to] = [pieceOf[answer.start]!, pieceOf[last]!];
  // A piece number of −1 counts from the end, as the original's index does.
  if (
    !pieces
      .slice(from, to + 1)
      .join(' ')
      .includes(answer.text)
  )
    return undefined;
  const start = firstToken.at(from)!;
  const end = to < pieces.length - 1 ? firstToken[to + 1]! - 1 : ids.length - 1;
  const wanted = encoder.encode(answer.text);
  if (wanted.length === 0) return { start, end };
  for (let at = start; at + wanted.length - 1 <= end; at++) {
    if (wanted.every((id, i) => ids[at + i] === id)) {
      return { start: at, end: at + wanted.length - 1 };
    }
  }
  return { start, end };
}
