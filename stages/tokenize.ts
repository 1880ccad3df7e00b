import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { defineStage } from '../src/stage/index.ts';
import { tokenizeFile } from '../src/wordpiece/tokenize/tokenize-file.ts';
import { textBytes } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';
import { grantedThreads, threads } from './threads.ts';

export default defineStage({
  name: 'tokenize',
  version: 1,
  description: 'Tokens and ids of each line of a text',
  params: z.object({
    subword_tokenizer_type: z.enum(['wordpiece', 'character']).default('wordpiece').describe('How words become tokens'),
    vocab_has_no_subword_prefix: z.boolean().default(false).describe('The vocabulary lists characters without ##'),
    do_lower_case: z.boolean().default(true).describe('Lower-case the text'),
    threads,
  }),
  how: ['threads'],
  inputs: {
    text: { kind: 'file', description: 'Text: .xz, .gz or plain' },
    vocab: { kind: 'file', description: 'vocab.txt' },
    dictionary: { kind: 'directory', description: 'MeCab dictionary' },
  },
  outputs: {
    tokens: { kind: 'file', description: 'JSON lines: {"tokens": […], "ids": […]}, one for each line of text' },
  },
  async cost({ inputs, rate }) {
    const text = await textBytes([inputs.text]);
    return { cpuSeconds: 1 + text / rate(rates.tokenize), memory: 510e6, outputs: { tokens: { bytes: 6 * text } } };
  },
  async run({ params, inputs, outputs, resources, progress, metric, log, signal }) {
    const { size } = await stat(inputs.text);
    const counts = await explained(() =>
      tokenizeFile({
        text: inputs.text,
        vocabulary: inputs.vocab,
        dictionary: inputs.dictionary,
        tokenizer: {
          subword: params.subword_tokenizer_type,
          lowerCase: params.do_lower_case,
          vocabHasNoSubwordPrefix: params.vocab_has_no_subword_prefix,
        },
        tokens: outputs.tokens,
        threads: grantedThreads(params.threads, resources),
        progress: (bytesRead) => progress(bytesRead, size, 'B'),
        signal,
      }),
    );
    log(`${counts.lines} lines, ${counts.tokens} tokens, ${counts.unknown} unknown`);
    metric('tokens', counts.tokens);
    metric('unknown_rate', counts.tokens === 0 ? 0 : counts.unknown / counts.tokens);
  },
});
