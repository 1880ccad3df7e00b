import type { SentencePair } from './sentence-pairs.ts';

/**
 * An instance on its way to the shuffle, in a slot of 32-bit words of fixed size: where its two runs of tokens lie in
 * the corpus, and what its masks put where. The tokens themselves stay in the corpus, so that an instance takes
 * 100 bytes where its record takes 800.
 */
export const slot = {
  /** Its place in the shuffled order, once that is known. */
  rank: 0,
  aBegin: 1,
  aLength: 2,
  bBegin: 3,
  bLength: 4,
  /** Twice the number of masks, and one more if B is a random next. */
  masksAndNext: 5,
  /** Here begin the masks by position: position × limit of ids + the id that stands there now. */
  masks: 6,
} as const;

/** Words of a slot with room for so many masks. */
export function slotWords(maxMasks: number): number {
  return slot.masks + maxMasks;
}

export function writePair(words: Uint32Array, at: number, pair: SentencePair, masks: number): void {
  words[at + slot.aBegin] = pair.aBegin;
  words[at + slot.aLength] = pair.aEnd - pair.aBegin;
  words[at + slot.bBegin] = pair.bBegin;
  words[at + slot.bLength] = pair.bEnd - pair.bBegin;
  words[at + slot.masksAndNext] = 2 * masks + (pair.isRandomNext ? 1 : 0);
}
