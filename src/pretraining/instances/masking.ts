import type { CPythonRandom } from '../../text/cpython-random.ts';
import type { TokenizedCorpus } from '../corpus/tokenized-corpus.ts';
import { type InstanceOptions, predictionsFor } from '../options.ts';
import type { PretrainingVocabulary } from '../pretraining-vocabulary.ts';
import { slot } from './instance-slots.ts';
import type { SentencePair } from './sentence-pairs.ts';

/** Draws the masks of a pair and writes them to the slot at `at`; returns how many there are. */
export type Masking = (pair: SentencePair, words: Uint32Array, at: number) => number;

/**
 * Masking as the original does it. Candidates are sets of positions: with whole words, a token that begins with `##`
 * joins the set before it, even across [SEP] when truncation took its beginning. In shuffled order, each
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
  // Set s holds members[setBegins[s] … setBegins[s + 1]), positions in ascending order.
  const members = new Uint32Array(maxSeqLength);
  const setBegins = new Uint32Array(maxSeqLength + 1);
  /** By position: the id that replaces the token, plus one; 0 where there is no mask. */
  const replacements = new Uint32Array(maxSeqLength);
  let memberCount = 0;
  let setCount = 0;

  function addCandidates(begin: number, end: number, position: number): void {
    // In variables of its own: those of a closure are stored at each step.
    let added = memberCount;
    let sets = setCount;
    const shift = position - begin;
    for (let token = begin; token < end; token++) {
      const id = ids[token]!;
      if (id === cls || id === sep) continue;
      // Which tokens join is in no order that a branch predictor learns: what is written for one that does is overwritten.
      const joins = sets > 0 ? (continues[token >>> 3]! >> (token & 7)) & joining : 0;
      setBegins[sets] = added;
      sets += 1 - joins;
      members[added++] = token + shift;
    }
    memberCount = added;
    setCount = sets;
  }

  function replacement(original: number): number {
    if (random.random() < 0.8) return mask;
    if (random.isBelowHalf()) return original;
    return randomIds[random.randint(0, randomIds.length - 1)]!;
  }

  return (pair, words, at) => {
    const aLength = pair.aEnd - pair.aBegin;
    const bPosition = aLength + 2;
    const length = bPosition + (pair.bEnd - pair.bBegin) + 1;
    memberCount = 0;
    setCount = 0;
    addCandidates(pair.aBegin, pair.aEnd, 1);
    addCandidates(pair.bBegin, pair.bEnd, bPosition);
    setBegins[setCount] = memberCount;

    const sets = random.permutation(setCount);

    const wanted = predictionsFor(length, options);
    let masked = 0;
    for (let i = 0; i < setCount && masked < wanted; i++) {
      const end = setBegins[sets[i]! + 1]!;
      let member = setBegins[sets[i]!]!;
      if (masked + end - member > wanted) continue;
      masked += end - member;
      for (; member < end; member++) {
        const position = members[member]!;
        const token = position < bPosition ? pair.aBegin + position - 1 : pair.bBegin + position - bPosition;
        replacements[position] = replacement(ids[token]!) + 1;
      }
    }

    let word = at + slot.masks;
    const lastWord = word + masked;
    for (let position = 1; word < lastWord; position++) {
      const replaced = replacements[position]!;
      words[word] = position * idLimit + replaced - 1; // The next one takes its place if nothing is replaced here.
      word += replaced === 0 ? 0 : 1;
      replacements[position] = 0;
    }
    return masked;
  };
}
