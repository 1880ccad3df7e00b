import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineStage, StageError } from '../src/stage/index.ts';
import { readTextLines } from '../src/text/reading/read-text-lines.ts';
import { explained } from './explained.ts';

export default defineStage({
  name: 'character-vocab',
  version: 1,
  description: "A character model's vocabulary: the first lines of a WordPiece vocabulary",
  params: z.object({
    size: z.number().int().min(1).default(7027).describe('Special and unused tokens and the characters'),
  }),
  inputs: { vocab: { kind: 'file', description: 'vocab.txt of a WordPiece model' } },
  outputs: { vocab: { kind: 'file', description: 'vocab.txt' } },
  cost: async ({ params }) => ({ cpuSeconds: 1, memory: 80e6, outputs: { vocab: { bytes: 5 * params.size } } }),
  async run({ params, inputs, outputs }) {
    const tokens = await explained(() => readTextLines(inputs.vocab));
    if (tokens.length < params.size) {
      throw new StageError(`${inputs.vocab} has only ${tokens.length} lines; \`size\` asks for ${params.size}`);
    }
    const kept = tokens.slice(0, params.size);
    await writeFile(outputs.vocab, kept.map((token) => `${token}\n`).join(''));
  },
});
