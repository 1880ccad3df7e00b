import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { writeWikipediaCorpus } from '../src/corpus/wikipedia-corpus.ts';
import { defineStage } from '../src/stage/index.ts';
import { textBytes } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';
import { grantedThreads, threads } from './threads.ts';

const length = z.number().int().min(0);

export default defineStage({
  name: 'wikipedia-corpus',
  version: 1,
  description: "Sentences of a Wikipedia search dump, one to a line, a blank line after each page's",
  params: z.object({
    min_sentence_length: length.default(10).describe('Shorter sentences are left out; in characters'),
    max_sentence_length: length.default(1000).describe('Longer sentences are left out; in characters'),
    threads,
  }),
  how: ['threads'],
  inputs: {
    dump: { kind: 'file', description: 'cirrussearch dump: JSON lines, .gz, .xz or plain' },
    dictionary: { kind: 'directory', description: 'MeCab dictionary' },
  },
  outputs: { corpus: { kind: 'file', description: 'Text, gzip' } },
  async cost({ inputs: { dump }, rate }) {
    // Of jawiki's dump of 2023-01-02, about 5 GB of gzip, 4.9 GB of text remain.
    const text = dump.path !== undefined && (await textBytes([dump])) === dump.bytes ? dump.bytes / 2 : dump.bytes;
    return {
      cpuSeconds: text / rate(rates.sentences),
      memory: 510e6,
      outputs: { corpus: { bytes: text / 3, text } },
    };
  },
  async run({ params, inputs, outputs, resources, progress, metric, log, signal }) {
    const { size } = await stat(inputs.dump);
    const { pages, sentences } = await explained(() =>
      writeWikipediaCorpus({
        dump: inputs.dump,
        dictionary: inputs.dictionary,
        corpus: outputs.corpus,
        lengths: { min: params.min_sentence_length, max: params.max_sentence_length },
        threads: grantedThreads(params.threads, resources),
        progress: (bytesRead) => progress(bytesRead, size, 'B'),
        signal,
      }),
    );
    log(`${pages} pages with ${sentences} sentences`);
    metric('pages', pages);
    metric('sentences', sentences);
  },
});
