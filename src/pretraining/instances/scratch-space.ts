import { statfs } from 'node:fs/promises';
import { expectedTextBytes } from '../../text/reading/open-text.ts';
import type { TokenizedCorpus } from '../corpus/tokenized-corpus.ts';
import { type InstanceOptions, maxMasksOf } from '../options.ts';
import { PretrainingError } from '../pretraining-error.ts';
import { slotWords } from './instance-slots.ts';

/**
 * Bytes of temporary files for so much text, above what it takes in fact: each instance lies there twice while it is
 * shuffled. A chunk of full length gives 1.4 instances on average, since what a random next leaves unused comes again.
 */
function scratchBytes(tokens: number, documents: number, sentences: number, options: InstanceOptions): number {
  const perPass = Math.min(sentences, 1.7 * tokens * chunksPerToken(options) + 2 * documents);
  return Math.ceil(options.dupeFactor * perPass) * slotWords(maxMasksOf(options)) * 4 * 2;
}

/** The mean of one by the target length, which is shorter with a probability, and then any from 2 on. */
function chunksPerToken({ maxSeqLength, shortSeqProb }: InstanceOptions): number {
  const longest = maxSeqLength - 3;
  let sum = 0;
  for (let target = 2; target <= longest; target++) sum += 1 / target;
  return (1 - shortSeqProb) / longest + (shortSeqProb * sum) / (longest - 1);
}

/** The same of a corpus that is read. */
export function corpusScratchBytes(corpus: TokenizedCorpus, options: InstanceOptions): number {
  const { ids, documentStarts, sentenceStarts } = corpus;
  return scratchBytes(ids.length, documentStarts.length - 1, sentenceStarts.length - 1, options);
}

/** The same of files that are still to be read, from what Japanese text usually holds. */
export async function expectedScratchBytes(
  paths: readonly string[],
  subword: 'wordpiece' | 'character',
  options: InstanceOptions,
): Promise<number> {
  const bytes = (await Promise.all(paths.map(expectedTextBytes))).reduce((sum, size) => sum + size, 0);
  return scratchBytesOfText(bytes, subword, options);
}

/** The same of so many bytes of text. */
export function scratchBytesOfText(
  bytes: number,
  subword: 'wordpiece' | 'character',
  options: InstanceOptions,
): number {
  return scratchBytes(bytes / bytesPerToken[subword], bytes / 4000, bytes / 60, options);
}

const bytesPerToken = { wordpiece: 4, character: 2 };

/** Throws `PretrainingError` if the file system of `directory` has no room for so many bytes. */
export async function checkScratchSpace(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new PretrainingError(
    `${directory}: shuffling the instances takes about ${gibibytes(needed)} of temporary files, and only ` +
      `${gibibytes(free)} are free there. Make room, lower dupe_factor, or split the corpus into more shards.`,
  );
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
