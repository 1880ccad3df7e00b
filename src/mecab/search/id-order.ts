import type { Connections } from '../format/connections.ts';
import type { Lexicon } from '../format/lexicon.ts';

/** New numbers of left and right ids: the common ones first, so that the part of the matrix in use stays in the cache. */
export interface IdOrder {
  readonly left: Uint16Array;
  readonly right: Uint16Array;
}

/** Orders ids by how many words bear them. */
export function orderIds(lexicons: readonly Lexicon[], { leftSize, rightSize }: Connections): IdOrder {
  const left = new Float64Array(rightSize);
  const right = new Float64Array(leftSize);
  for (const { tokens } of lexicons) {
    for (let at = 0; at < tokens.length; at += 8) {
      left[tokens[at]!]! += 1;
      right[tokens[at + 1]!]! += 1;
    }
  }
  if (process.env.ORDER === 'none') {
    left.fill(0);
    right.fill(0);
  }
  return { left: ranks(left), right: ranks(right) };
}

/** Of each id its place when the heaviest comes first. */
function ranks(weights: Float64Array): Uint16Array {
  const ids = Array.from(weights.keys()).sort((a, b) => weights[b]! - weights[a]! || a - b);
  const places = new Uint16Array(weights.length);
  for (const [place, id] of ids.entries()) places[id] = place;
  return places;
}
