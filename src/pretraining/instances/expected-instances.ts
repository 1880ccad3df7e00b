import { type InstanceOptions, maxMasksOf } from '../options.ts';

/**
 * What Japanese text holds on average: fitted to the counts that the original's authors report for their shards of CC-100 (1.16 GB,
 * 15.2 million instances of 128 tokens, 18.4 of characters) and Wikipedia (0.61 GB, 18.4 million of 512, 23.7 of characters).
 */
const bytesPerToken = { wordpiece: 4.4, character: 3.15 };
const bytesPerSentence = 160;
const bytesPerDocument = 2000;

/** A random next leaves half of a chunk unused, which comes again. */
const instancesPerChunk = 1.4;

export function expectedTokens(textBytes: number, subword: 'wordpiece' | 'character'): number {
  return textBytes / bytesPerToken[subword];
}

/** About how many instances so much text gives, in all passes. */
export function expectedInstances(
  textBytes: number,
  subword: 'wordpiece' | 'character',
  { maxSeqLength, shortSeqProb, dupeFactor }: InstanceOptions,
): number {
  const tokens = expectedTokens(textBytes, subword);
  // A chunk ends with the sentence that reaches its target length, so it is longer by half a sentence.
  const overshoot = bytesPerSentence / bytesPerToken[subword] / 2;
  const longest = maxSeqLength - 3;
  let chunksPerToken = 0;
  for (let target = 2; target <= longest; target++)
    chunksPerToken += shortSeqProb / (longest - 1) / (target + overshoot);
  chunksPerToken += (1 - shortSeqProb) / (longest + overshoot);
  // The last chunk of a document is whatever is left.
  const lastChunks = textBytes / bytesPerDocument / 2;
  return Math.round(dupeFactor * (instancesPerChunk * tokens * chunksPerToken + lastChunks));
}

/** Bytes of a record: two of an id, one each of mask and type for a position; id, place and weight of a mask; names. */
export function expectedRecordBytes(options: InstanceOptions): number {
  return Math.round(4.2 * options.maxSeqLength + 5 * maxMasksOf(options) + 180);
}

/** How much smaller gzip makes records. */
export const recordCompression = 3.5;
