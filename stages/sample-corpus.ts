import { z } from 'zod';
import { sampleLines } from '../src/corpus/sample-lines.ts';
import { listTexts, totalSize } from '../src/corpus/text-inputs.ts';
import { defineStage } from '../src/stage/index.ts';
import { textBytes } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';

/** Of a sentence of Wikipedia: 4.9 GB in 34 million. */
const bytesPerLine = 144;

export default defineStage({
  name: 'sample-corpus',
  version: 1,
  description: 'Lines drawn at random from texts, in random order; blank lines are not drawn',
  params: z.object({
    num_lines: z.number().int().min(1).describe('How many lines; an error if there are fewer'),
    seed: z.number().int().default(0).describe('Seed of the draws'),
  }),
  inputs: {
    texts: { kind: 'any', list: true, description: 'Text: .xz, .gz, plain, or directories of such files' },
  },
  outputs: { sample: { kind: 'file', description: 'Text, one line a sentence' } },
  async cost({ params, inputs, rate }) {
    const text = await textBytes(inputs.texts);
    const bytes = Math.min(text, params.num_lines * bytesPerLine);
    return {
      cpuSeconds: (2 * text + bytes) / rate(rates.split),
      memory: 150e6 + 16 * params.num_lines,
      scratch: bytes,
      outputs: { sample: { bytes } },
    };
  },
  async run({ params, inputs, outputs, scratch, progress, signal }) {
    await explained(async () => {
      const texts = await listTexts(inputs.texts);
      const size = await totalSize(texts);
      await sampleLines({
        texts,
        sample: outputs.sample,
        lineCount: params.num_lines,
        seed: params.seed,
        scratch,
        progress: (bytesRead) => progress(bytesRead, 2 * size, 'B'),
        signal,
      });
    });
  },
});
