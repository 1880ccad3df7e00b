import { z } from 'zod';
import { defineStage } from '../../../src/stage/index.ts';

/** Keyed by the digest of what it gets, where that is known; never run. */
export default defineStage({
  name: 'download',
  version: 1,
  description: 'Gets a file',
  params: z.object({ url: z.string(), sha256: z.string().optional() }),
  inputs: {},
  outputs: { file: { kind: 'file', description: 'The file' } },
  identity: ({ sha256 }) => (sha256 === undefined ? undefined : { sha256 }),
  async run() {},
});
