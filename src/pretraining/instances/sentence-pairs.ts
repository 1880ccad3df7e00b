import type { CPythonRandom } from '../../text/cpython-random.ts';
import type { TokenizedCorpus } from '../corpus/tokenized-corpus.ts';
import type { InstanceOptions } from '../options.ts';

/** Two runs of tokens, each consecutive in the corpus: truncation takes from their ends only. Positions in `corpus.ids`. */
export interface SentencePair {
  aBegin: number;
  aEnd: number;
  bBegin: number;
  bEnd: number;
  isRandomNext: boolean;
}

/**
 * The pairs of segments of one document, in the original's order of draws; the pair is reused from one to the next,
 * and the caller draws its masks from the same generator before asking for another.
 * `documents` is the shuffled order, `index` the document's place in it.
 */
export function* sentencePairs(
  corpus: TokenizedCorpus,
  documents: Uint32Array,
  index: number,
  options: InstanceOptions,
  random: CPythonRandom,
): Generator<SentencePair> {
  const { sentenceStarts: starts, documentStarts } = corpus;
  const pair: SentencePair = { aBegin: 0, aEnd: 0, bBegin: 0, bEnd: 0, isRandomNext: false };
  const maxTokens = options.maxSeqLength - 3; // [CLS] A [SEP] B [SEP]
  const target = random.random() < options.shortSeqProb ? random.randint(2, maxTokens) : maxTokens;
  const documentEnd = documentStarts[documents[index]! + 1]!;

  let begin = documentStarts[documents[index]!]!;
  for (let end = begin + 1; end <= documentEnd; end++) {
    if (end < documentEnd && starts[end]! - starts[begin]! < target) continue;
    const split = begin + (end - begin >= 2 ? random.randint(1, end - begin - 1) : 1);
    pair.aBegin = starts[begin]!;
    pair.aEnd = starts[split]!;
    pair.isRandomNext = end - begin === 1 || random.isBelowHalf();
    if (pair.isRandomNext) {
      takeRandomNext(pair, corpus, documents, index, target - (pair.aEnd - pair.aBegin), random);
      end = split; // Sentences after A were not used: they begin the next chunk.
    } else {
      pair.bBegin = starts[split]!;
      pair.bEnd = starts[end]!;
    }
    truncate(pair, maxTokens, random);
    yield pair;
    begin = end;
  }
}

/** B from another document (the same one only if ten draws all hit it), from a random sentence on, to `length` tokens or more. */
function takeRandomNext(
  pair: SentencePair,
  { sentenceStarts: starts, documentStarts }: TokenizedCorpus,
  documents: Uint32Array,
  index: number,
  length: number,
  random: CPythonRandom,
): void {
  let other = index;
  for (let attempt = 0; attempt < 10 && other === index; attempt++) other = random.randint(0, documents.length - 1);
  const first = documentStarts[documents[other]!]!;
  const last = documentStarts[documents[other]! + 1]! - 1;
  const begin = random.randint(first, last);
  let end = begin + 1;
  while (end <= last && starts[end]! - starts[begin]! < length) end++;
  pair.bBegin = starts[begin]!;
  pair.bEnd = starts[end]!;
}

/** Takes tokens off the longer run, from its front or its back by a coin, until both fit. */
function truncate(pair: SentencePair, maxTokens: number, random: CPythonRandom): void {
  let a = pair.aEnd - pair.aBegin;
  let b = pair.bEnd - pair.bBegin;
  while (a + b > maxTokens) {
    const front = random.isBelowHalf() ? 1 : 0;
    if (a > b) {
      pair.aBegin += front;
      pair.aEnd -= 1 - front;
      a--;
    } else {
      pair.bBegin += front;
      pair.bEnd -= 1 - front;
      b--;
    }
  }
}
