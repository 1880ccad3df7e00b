import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { loadDictionary } from '../src/mecab/index.ts';
import { defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';
import { embedded, fetchDictionary } from './fetch-dictionary.ts';
import { rates } from './rates.ts';

export default defineStage({
  name: 'dictionary',
  version: 1,
  description: 'A MeCab dictionary from a Python package, fetched by pip, or the IPADIC that comes with this program',
  params: z.object({
    package: z.string().describe(`NAME==VERSION of a Python package with a dictionary, or ${embedded}`),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional()
      .describe('Digest of the archive that pip downloads; known for unidic-lite==1.0.8 and ipadic==1.0.0'),
  }),
  inputs: {
    user: { kind: 'file', list: true, optional: true, description: 'User dictionaries for it (mecab-dict-index -u)' },
  },
  outputs: { dictionary: { kind: 'directory', description: 'sys.dic, unk.dic, matrix.bin, char.bin, dicrc' } },
  async cost({ params, rate }) {
    const bytes = params.package === embedded ? 54e6 : 260e6;
    return {
      cpuSeconds: 5 + bytes / rate(rates.copy),
      seconds: params.package === embedded ? 2 : 5 + bytes / 4 / rate(rates.download),
      memory: 400e6,
      outputs: { dictionary: { bytes } },
    };
  },
  async run({ params, inputs, outputs, scratch, log, signal }) {
    await explained(async () => {
      await fetchDictionary({
        package: params.package,
        sha256: params.sha256,
        target: outputs.dictionary,
        scratch,
        signal,
        log,
      });
      for (const [i, path] of (inputs.user ?? []).entries()) {
        await copyFile(path, join(outputs.dictionary, `user-${String(i + 1).padStart(2, '0')}.dic`));
      }
      await loadDictionary(outputs.dictionary);
    });
  },
});
