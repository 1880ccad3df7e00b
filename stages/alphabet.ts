import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { dictionaryAlphabet, lexiconAlphabet } from '../src/corpus/alphabet.ts';
import { defineStage, StageError } from '../src/stage/index.ts';
import { explained } from './explained.ts';

export default defineStage({
  name: 'alphabet',
  version: 1,
  description: "Characters of a dictionary's words, one to a line, by code point",
  params: z.object({}),
  inputs: {
    dictionary: { kind: 'directory', optional: true, description: 'MeCab dictionary; its sys.dic is read' },
    lexicon: { kind: 'file', optional: true, description: 'lex.csv, in place of a dictionary' },
  },
  outputs: { alphabet: { kind: 'file', description: 'Text' } },
  cost: async () => ({ cpuSeconds: 3, memory: 400e6, outputs: { alphabet: { bytes: 28_000 } } }),
  async run({ inputs: { dictionary, lexicon }, outputs, log }) {
    if ((dictionary === undefined) === (lexicon === undefined)) {
      throw new StageError('one of the inputs `dictionary` and `lexicon` is needed, and not both');
    }
    const alphabet = await explained(() => (dictionary ? dictionaryAlphabet(dictionary) : lexiconAlphabet(lexicon!)));
    log(`${alphabet.length} characters`);
    await writeFile(outputs.alphabet, alphabet.map((character) => `${character}\n`).join(''));
  },
});
