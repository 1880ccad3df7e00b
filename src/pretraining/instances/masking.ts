import type { CPythonRandom } from '../../text/cpython-random.ts';
import type { TokenizedCorpus } from '../corpus/tokenized-corpus.ts';
import { type InstanceOptions, maxMasksOf, predictionsFor } from '../options.ts';
import type { PretrainingVocabulary } from '../pretraining-vocabulary.ts';
import { kernel } from './draw-masks.ts';
import { slot } from './instance-slots.ts';
import type { SentencePair } from './sentence-pairs.ts';

/** Draws the masks of a pair and writes them to the slot at `at`; returns how many there are. */
export type Masking = (pair: SentencePair, words: Uint32Array, at: number) => number;

/**
 * Masking as the original does it, in draw-masks.as.ts. Candidates are sets of positions: with whole words, a token that
 * begins with `##` joins the set before it, even across [SEP] when truncation took its beginning. In shuffled order, each
 * set that still fits is masked: per token 80 % [MASK], 10 % kept, 10 % any word of the vocabulary.
 */
export function masking(
  { ids, continues }: TokenizedCorpus,
  { idLimit, cls, sep, mask, randomIds }: PretrainingVocabulary,
  options: InstanceOptions,
  random: CPythonRandom,
): Masking {
  const { maxSeqLength } = options;
  const joining = options.doWholeWordMask ? 1 : 0;
  const { drawMasks, setMemory, setVocabulary } = drawingFrom(random);
  const wordsOf = (count: number) => random.reserve(4 * count);
  const tokensAt = wordsOf(maxSeqLength);
  // One more of sets, which says where the last one ends; one more of masks, which is overwritten.
  const [setBeginsAt, membersAt, orderAt] = [wordsOf(maxSeqLength + 1), wordsOf(maxSeqLength), wordsOf(maxSeqLength)];
  const replacementsAt = wordsOf(maxSeqLength);
  const masksAt = wordsOf(maxMasksOf(options) + 1);
  const randomIdsAt = wordsOf(randomIds.length);
  setMemory(tokensAt, setBeginsAt, membersAt, orderAt, replacementsAt, masksAt, randomIdsAt);
  setVocabulary(idLimit, cls, sep, mask, randomIds.length);
  const cells = new Uint32Array(random.memory.buffer);
  cells.set(randomIds, randomIdsAt / 4);
  const masks = masksAt / 4;

  function copyTokens(begin: number, end: number, position: number): void {
    let to = tokensAt / 4 + position;
    for (let token = begin; token < end; token++) {
      const joins = (continues[token >>> 3]! >> (token & 7)) & joining;
      cells[to++] = (ids[token]! << 1) | joins;
    }
  }

  return (pair, words, at) => {
    const separator = 1 + pair.aEnd - pair.aBegin;
    const end = separator + 1 + pair.bEnd - pair.bBegin;
    copyTokens(pair.aBegin, pair.aEnd, 1);
    copyTokens(pair.bBegin, pair.bEnd, separator + 1);
    const masked = drawMasks(separator, end, predictionsFor(end + 1, options));
    for (let i = 0; i < masked; i++) words[at + slot.masks + i] = cells[masks + i]!;
    return masked;
  };
}

let compiled: WebAssembly.Module | undefined;

function drawingFrom({ memory }: CPythonRandom): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(kernel, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernel;
}

interface Kernel {
  setMemory(...addresses: number[]): void;
  setVocabulary(...numbers: number[]): void;
  drawMasks(separator: number, end: number, wanted: number): number;
}
