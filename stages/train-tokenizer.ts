import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { listTexts, totalSize } from '../src/corpus/text-inputs.ts';
import { defineStage, StageError } from '../src/stage/index.ts';
import { readTextLines } from '../src/text/reading/read-text-lines.ts';
import { trainVocabulary } from '../src/wordpiece/training/train-vocabulary.ts';
import { textBytes } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';
import { grantedThreads, threads } from './threads.ts';

export default defineStage({
  name: 'train-tokenizer',
  version: 1,
  description: 'A WordPiece vocabulary: special tokens, characters, then the most frequent pieces of words',
  params: z.object({
    pre_tokenizer_type: z.enum(['mecab', 'whitespace']).describe('What makes words of a line'),
    vocab_size: z.number().int().min(1).describe('Number of tokens'),
    limit_alphabet: z.number().int().min(0).default(1000).describe('The most characters that are tokens'),
    num_unused_tokens: z.number().int().min(0).default(10).describe('Tokens [unused0], [unused1], …'),
    wordpieces_prefix: z.string().default('##').describe('What a piece inside a word begins with'),
    threads,
  }),
  how: ['threads'],
  inputs: {
    texts: { kind: 'any', list: true, description: 'Text: .xz, .gz, plain, or directories of such files' },
    dictionary: { kind: 'directory', optional: true, description: 'MeCab dictionary, for pre_tokenizer_type mecab' },
    alphabet: { kind: 'file', optional: true, description: 'Characters that are tokens in any case, one to a line' },
  },
  outputs: { vocab: { kind: 'file', description: 'vocab.txt' } },
  async cost({ params, inputs, rate }) {
    const text = await textBytes(inputs.texts);
    // Distinct words grow with the root of the text.
    const memory = 400e6 + 5000 * Math.sqrt(text);
    return {
      cpuSeconds: text / rate(rates.vocabulary) + params.vocab_size / 30_000,
      memory,
      outputs: { vocab: { bytes: 8 * params.vocab_size } },
    };
  },
  async run({ params, inputs, outputs, resources, progress, log, warn, signal }) {
    if (params.pre_tokenizer_type === 'mecab' && !inputs.dictionary) {
      throw new StageError('pre_tokenizer_type mecab needs the input `dictionary`');
    }
    const vocabulary = await explained(async () => {
      const texts = await listTexts(inputs.texts);
      const size = await totalSize(texts);
      return trainVocabulary({
        texts,
        dictionary: params.pre_tokenizer_type === 'mecab' ? inputs.dictionary : undefined,
        alphabet: inputs.alphabet ? await readTextLines(inputs.alphabet) : [],
        vocabSize: params.vocab_size,
        limitAlphabet: params.limit_alphabet,
        unusedTokens: params.num_unused_tokens,
        prefix: params.wordpieces_prefix,
        threads: grantedThreads(params.threads, resources),
        progress: (done, unit) => progress(done, unit === 'bytes' ? size : params.vocab_size, unit),
        log,
        signal,
      });
    });
    if (vocabulary.length !== params.vocab_size) {
      warn(`the vocabulary has ${vocabulary.length} tokens, not ${params.vocab_size}: the texts give no other`);
    }
    await writeFile(outputs.vocab, vocabulary.map((token) => `${token}\n`).join(''));
  },
});
