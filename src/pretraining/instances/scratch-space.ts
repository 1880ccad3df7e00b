import { statfs } from 'node:fs/promises';
import type { TokenizedCorpus } from '../corpus/tokenized-corpus.ts';
import { type InstanceOptions, maxMasksOf } from '../options.ts';
import { PretrainingError } from '../pretraining-error.ts';
import { slotWords } from './instance-slots.ts';

/**
 * Bytes of temporary files for so much text, above what it takes in fact: each instance lies there twice while it is
 * shuffled. A chunk of full length gives 1.4 instances on average, since what a random next leaves unused comes again.
 */
export function scratchBytes(tokens: number, documents: number, sentences: number, options: InstanceOptions): number {
  const perPass = Math.min(sentences, (1.7 * tokens) / (options.maxSeqLength - 3) + 2 * documents);
  return Math.ceil(options.dupeFactor * perPass) * slotWords(maxMasksOf(options)) * 4 * 2;
}

/** Throws `PretrainingError` if the file system of `directory` has no room for what shuffling will need. */
export async function checkScratchSpace(
  directory: string,
  corpus: TokenizedCorpus,
  options: InstanceOptions,
): Promise<void> {
  const documents = corpus.documentStarts.length - 1;
  const sentences = corpus.sentenceStarts.length - 1;
  const needed = scratchBytes(corpus.ids.length, documents, sentences, options);
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new PretrainingError(
    `${directory}: shuffling the instances takes about ${gibibytes(needed)} of temporary files, and only ` +
      `${gibibytes(free)} are free there. Make room, lower dupe_factor, or split the corpus into more shards.`,
  );
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
