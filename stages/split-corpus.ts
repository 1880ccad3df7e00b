import { z } from 'zod';
import { splitCorpus } from '../src/corpus/split/split-corpus.ts';
import { listTexts, totalSize } from '../src/corpus/text-inputs.ts';
import { defineStage } from '../src/stage/index.ts';
import { textBytes, totalBytes } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';

export default defineStage({
  name: 'split-corpus',
  version: 1,
  description: 'Texts dealt out to files document by document, at random; documents end with a blank line',
  params: z.object({
    num_files: z.number().int().min(1).describe('Number of files'),
    seed: z.number().int().default(0).describe('Seed of the draws; 0 is what the original has'),
  }),
  inputs: {
    texts: { kind: 'any', list: true, description: 'Text: .xz, .gz, plain, or directories of such files' },
  },
  outputs: { shards: { kind: 'directory', description: 'corpus_01.txt, corpus_02.txt, …' } },
  async cost({ params, inputs, rate }) {
    const text = await textBytes(inputs.texts);
    const packed = text - totalBytes(inputs.texts);
    return {
      cpuSeconds: text / rate(rates.split) + (packed > 0 ? text / rate(rates.unpackXz) : 0),
      memory: 100e6,
      outputs: { shards: { bytes: text, below: () => ({ bytes: text / params.num_files }) } },
    };
  },
  async run({ params, inputs, outputs, progress, log, signal }) {
    await explained(async () => {
      const texts = await listTexts(inputs.texts);
      const size = await totalSize(texts);
      await splitCorpus({
        texts,
        directory: outputs.shards,
        fileCount: params.num_files,
        seed: params.seed,
        progress: (bytesRead) => progress(bytesRead, size, 'B'),
        log,
        signal,
      });
    });
  },
});
