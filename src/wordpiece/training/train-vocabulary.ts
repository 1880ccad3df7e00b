import { countWords } from './count-words.ts';
import { initialVocabulary } from './initial-vocabulary.ts';
import { mergePairs } from './merge-pairs.ts';

export interface TrainOptions {
  readonly texts: readonly string[];
  /** A MeCab dictionary directory; without it words are what stands between white space. */
  readonly dictionary?: string;
  readonly alphabet: readonly string[];
  readonly vocabSize: number;
  readonly limitAlphabet: number;
  readonly unusedTokens: number;
  readonly prefix: string;
  readonly threads: number;
  readonly signal?: AbortSignal;
  progress?(done: number, unit: 'bytes' | 'tokens'): void;
  log?(message: string): void;
}

/** BertWordPieceTokenizer's: a rarer pair is not merged. */
const minFrequency = 2;

/**
 * The tokens of a WordPiece vocabulary trained on texts, in the order of their ids: what tokenizers' trainer gives, with
 * the ids that it leaves to chance in code-point order. Throws `TextError` where a text is not UTF-8.
 */
export async function trainVocabulary(options: TrainOptions): Promise<string[]> {
  const { signal, progress, prefix } = options;
  const wordCounts = await countWords({ ...options, progress: (bytesRead) => progress?.(bytesRead, 'bytes') });
  options.log?.(`${wordCounts.words.size} distinct words`);
  const unused = Array.from({ length: options.unusedTokens }, (_, i) => `[unused${i}]`);
  const initial = initialVocabulary(wordCounts, {
    specialTokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...unused],
    alphabet: options.alphabet,
    limitAlphabet: options.limitAlphabet,
    prefix,
  });
  options.log?.(`${initial.tokens.length} tokens before merging`);
  return mergePairs(initial, wordCounts.counts, {
    vocabSize: options.vocabSize,
    minFrequency,
    prefix,
    signal,
    progress: (tokens) => progress?.(tokens, 'tokens'),
  });
}
