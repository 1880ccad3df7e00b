import { z } from 'zod';
import { download } from '../src/fetch/download.ts';
import { defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';

export default defineStage({
  name: 'download',
  version: 1,
  description: 'A file from the web, whole and verified; an interrupted download goes on where it stopped',
  params: z.object({
    url: z.url({ protocol: /^https?$/ }).describe('Where the file is'),
    mirrors: z
      .array(z.url({ protocol: /^https?$/ }))
      .default([])
      .describe('Other places of the same file'),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional()
      .describe('Its digest; with it, the place does not matter'),
    size: z.number().int().min(0).optional().describe('Its size in bytes'),
  }),
  how: ['mirrors'],
  identity: ({ url, sha256, size }) => (sha256 ? { sha256: sha256.toLowerCase() } : { url, size }),
  inputs: {},
  outputs: { file: { kind: 'file', description: 'The file' } },
  resume: { params: ['url', 'sha256', 'size'], inputs: [] },
  async run({ params, outputs, scratch, progress, log, signal }) {
    const { sha256, size } = await explained(() =>
      download({
        urls: [params.url, ...params.mirrors],
        file: outputs.file,
        sha256: params.sha256,
        size: params.size,
        scratch,
        progress: (done, total) => progress(done, total, 'B'),
        log,
        signal,
      }),
    );
    log(`${size} bytes, sha256 ${sha256}`);
  },
});
