import { z } from 'zod';
import { download } from '../src/fetch/download.ts';
import { defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';

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
    expected_size: z
      .number()
      .positive()
      .optional()
      .describe('About how many bytes it has, for `kumiki plan`; not checked'),
  }),
  how: ['mirrors', 'expected_size'],
  identity: ({ url, sha256, size }) => (sha256 ? { sha256: sha256.toLowerCase() } : { url, size }),
  inputs: {},
  outputs: { file: { kind: 'file', description: 'The file' } },
  resume: { params: ['url', 'sha256', 'size'], inputs: [] },
  async cost({ params: { url, size, expected_size }, rate }) {
    const bytes = size ?? expected_size;
    if (bytes === undefined) return undefined;
    const expansion = /\.xz$/.test(url) ? 5 : /\.gz$/.test(url) ? 3 : 1;
    const seconds = bytes / rate(rates.download);
    const file = { bytes, ...(expansion > 1 && { text: bytes * expansion }) };
    return { cpuSeconds: bytes / rate(rates.copy), seconds, memory: 100e6, outputs: { file } };
  },
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
