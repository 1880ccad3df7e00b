import type { CPythonRandom } from '../../text/cpython-random.ts';
import type { TokenizedCorpus } from '../corpus/tokenized-corpus.ts';
import { type InstanceOptions, maxMasksOf } from '../options.ts';
import type { PretrainingVocabulary } from '../pretraining-vocabulary.ts';
import { slotWords, writePair } from './instance-slots.ts';
import { masking } from './masking.ts';
import { sentencePairs } from './sentence-pairs.ts';

/** Counts of what was made, kept up to date with each block. */
export interface InstanceCounts {
  instances: number;
  maskedTokens: number;
  randomNext: number;
  /** By number of tokens, special ones included. */
  readonly lengths: Uint32Array;
  /** Documents done, over all repetitions. */
  documentsDone: number;
}

export function noInstances({ maxSeqLength }: InstanceOptions): InstanceCounts {
  const lengths = new Uint32Array(maxSeqLength + 1);
  return { instances: 0, maskedTokens: 0, randomNext: 0, lengths, documentsDone: 0 };
}

const blockBytes = 4 << 20;

/**
 * All instances in the original's order of draws, as slots, some thousands a block. The block is reused from one to the next.
 * Afterwards `random` stands where the original shuffles the instances.
 */
export function* makeInstances(
  corpus: TokenizedCorpus,
  vocabulary: PretrainingVocabulary,
  options: InstanceOptions,
  random: CPythonRandom,
  counts: InstanceCounts,
): Generator<Uint32Array> {
  const words = slotWords(maxMasksOf(options));
  const block = new Uint32Array(Math.max(1, Math.floor(blockBytes / 4 / words)) * words);
  const mask = masking(corpus, vocabulary, options, random);
  const documents = random.permutation(corpus.documentStarts.length - 1).slice();

  let at = 0;
  for (let repetition = 0; repetition < options.dupeFactor; repetition++) {
    for (let index = 0; index < documents.length; index++) {
      for (const pair of sentencePairs(corpus, documents, index, options, random)) {
        const masks = mask(pair, block, at);
        writePair(block, at, pair, masks);
        counts.instances++;
        counts.maskedTokens += masks;
        counts.randomNext += pair.isRandomNext ? 1 : 0;
        counts.lengths[pair.aEnd - pair.aBegin + pair.bEnd - pair.bBegin + 3]!++;
        at += words;
        if (at < block.length) continue;
        yield block;
        at = 0;
      }
      counts.documentsDone++;
    }
  }
  if (at > 0) yield block.subarray(0, at);
}
