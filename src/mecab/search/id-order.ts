import type { Connections } from '../format/connections.ts';
import { type Lexicon, tokensOfPrefixes } from '../format/lexicon.ts';
import { sampleText } from './sample-text.ts';

/**
 * New numbers of left and right ids: the common ones first, so that the part of the matrix in use stays in the cache. The others
 * keep their numbers where they can: then most of the matrix is copied as it is.
 */
export interface IdOrder {
  readonly left: Uint16Array;
  readonly right: Uint16Array;
}

/** Orders ids by how often words that bear them are met in the sample; those of unknown words and the line's ends come first. */
export function orderIds(system: Lexicon, unknown: Lexicon, { leftSize, rightSize }: Connections): IdOrder {
  const left = new Float64Array(rightSize);
  const right = new Float64Array(leftSize);
  const count = ({ tokens }: Lexicon, token: number, weight: number) => {
    left[tokens[8 * token]!]! += weight;
    right[tokens[8 * token + 1]!]! += weight;
  };
  for (let token = 0; token < unknown.tokens.length / 8; token++) count(unknown, token, sampleText.length);
  left[0]! += sampleText.length;
  right[0]! += sampleText.length;
  const sample = Buffer.from(sampleText);
  for (let at = 0; at < sample.length; at++) {
    for (const { first, count: size } of tokensOfPrefixes(system, sample, at)) {
      for (let token = first; token < first + size; token++) count(system, token, 1);
    }
  }
  return { left: ranks(left), right: ranks(right) };
}

/** Of each id its place when the heaviest comes first; those without weight change places with the ones that do come first. */
function ranks(weights: Float64Array): Uint16Array {
  const heavy = Array.from(weights.keys())
    .filter((id) => weights[id]! > 0)
    .sort((a, b) => weights[b]! - weights[a]! || a - b);
  const ids = Uint16Array.from(weights.keys());
  const places = ids.slice();
  for (const [place, id] of heavy.entries()) {
    const left = ids[place]!;
    const freed = places[id]!;
    ids[freed] = left;
    places[left] = freed;
    ids[place] = id;
    places[id] = place;
  }
  return places;
}
