import { z } from 'zod';
import { splitCorpus } from '../src/corpus/split-corpus.ts';
import { listTexts, totalSize } from '../src/corpus/text-inputs.ts';
import { defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';

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
