import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { createPretrainingData } from '../src/pretraining/create-pretraining-data.ts';
import {
  expectedInstances,
  expectedRecordBytes,
  expectedTokens,
  recordCompression,
} from '../src/pretraining/instances/expected-instances.ts';
import { scratchBytesOfText } from '../src/pretraining/instances/scratch-space.ts';
import type { InstanceOptions } from '../src/pretraining/options.ts';
import { statisticsTable } from '../src/pretraining/statistics.ts';
import { defineStage } from '../src/stage/index.ts';
import { textBytes } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';
import { grantedThreads, threads } from './threads.ts';

const probability = z.number().min(0).max(1);
const count = z.number().int().min(1);

const params = z.object({
  subword_tokenizer_type: z.enum(['wordpiece', 'character']).default('wordpiece').describe('How words become tokens'),
  vocab_has_no_subword_prefix: z.boolean().default(false).describe('The vocabulary lists characters without ##'),
  do_lower_case: z.boolean().default(true).describe('Lower-case the text, as the original does unless told otherwise'),
  do_whole_word_mask: z.boolean().default(false).describe('Mask all tokens of a word or none'),
  max_seq_length: count.default(128).describe('Tokens of an instance, special ones included; at least 5'),
  max_predictions_per_seq: count.default(20).describe('The most masked tokens of an instance'),
  masked_lm_prob: probability.default(0.15).describe('Share of tokens that is masked'),
  dupe_factor: count.default(10).describe('Passes over the corpus, each with masks of its own'),
  short_seq_prob: probability.default(0.1).describe('Share of documents cut into shorter instances'),
  random_seed: z.number().int().default(12345).describe('Seed of all draws: a seed gives what it gives the original'),
  gzip_compress: z.boolean().default(false).describe('Write a gzip file, of several members'),
  compression_level: z
    .number()
    .int()
    .min(1)
    .max(9)
    .default(3)
    .describe('1 fastest to 9 smallest; 6 is what TensorFlow takes'),
  use_v2_feature_names: z.boolean().default(false).describe("Names as TensorFlow Model Garden's trainer expects them"),
  threads,
});

function instanceOptions(given: z.output<typeof params>): InstanceOptions {
  return {
    maxSeqLength: given.max_seq_length,
    maxPredictionsPerSeq: given.max_predictions_per_seq,
    maskedLmProb: given.masked_lm_prob,
    dupeFactor: given.dupe_factor,
    shortSeqProb: given.short_seq_prob,
    randomSeed: given.random_seed,
    doWholeWordMask: given.do_whole_word_mask,
  };
}

export default defineStage({
  name: 'pretraining-data',
  version: 1,
  description: 'Masked instances of sentence pairs from text, one sentence a line, a blank line after each document',
  params,
  how: ['threads'],
  inputs: {
    corpus: {
      kind: 'file',
      list: true,
      description: 'Text, plain or .gz or .xz; a document may go on in the next file',
    },
    vocab: { kind: 'file', description: 'vocab.txt' },
    dictionary: { kind: 'directory', description: 'MeCab dictionary' },
  },
  outputs: {
    records: { kind: 'file', description: 'TFRecord file of tf.train.Example' },
    stats: { kind: 'file', description: 'JSON: counts of documents, tokens, instances and masks' },
  },
  async cost({ params, inputs, rate }) {
    const text = await textBytes(inputs.corpus);
    const options = instanceOptions(params);
    const subword = params.subword_tokenizer_type;
    const instances = expectedInstances(text, subword, options);
    const records = instances * expectedRecordBytes(options);
    const made = (instances * options.maxSeqLength) / rate(rates.instances);
    return {
      cpuSeconds: 1 + text / rate(rates.tokenize) + made,
      // Token ids, and 8 bytes an instance.
      memory: 350e6 + 2.2 * expectedTokens(text, subword) + 8 * instances,
      scratch: scratchBytesOfText(text, subword, options),
      outputs: {
        records: { bytes: params.gzip_compress ? records / recordCompression : records },
        stats: { bytes: 1000 },
      },
    };
  },
  async run({ params, inputs, outputs, scratch, resources, progress, metric, log, signal }) {
    const statistics = await explained(() =>
      createPretrainingData({
        corpus: inputs.corpus,
        vocabulary: inputs.vocab,
        dictionary: inputs.dictionary,
        tokenizer: {
          subword: params.subword_tokenizer_type,
          lowerCase: params.do_lower_case,
          vocabHasNoSubwordPrefix: params.vocab_has_no_subword_prefix,
        },
        instances: instanceOptions(params),
        useV2FeatureNames: params.use_v2_feature_names,
        gzipLevel: params.gzip_compress ? params.compression_level : undefined,
        records: outputs.records,
        scratch,
        threads: grantedThreads(params.threads, resources),
        progress,
        log,
        signal,
      }),
    );
    await writeFile(outputs.stats, `${JSON.stringify(statistics, undefined, 2)}\n`);
    for (const line of statisticsTable(statistics)) log(line);
    metric('instances', statistics.instances);
    metric('tokens', statistics.tokens);
    metric('unknown_rate', statistics.unknown_rate);
    metric('masked_tokens', statistics.masked_tokens);
  },
});
