/** The reference runs of JGLUE's fine-tuning scripts, beside the checkout: undefined where they are absent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTextEncoder, type TextEncoder } from '../../src/jglue/features/text-encoder.ts';
import { loadDictionary } from '../../src/mecab/index.ts';
import { loadVocabulary } from '../../src/wordpiece/vocabulary.ts';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';

export const golden = sharedPath('golden/jglue');

/** Its vocabularies were made for unidic-lite. */
export const dictionary = unidicLite();

export const absent = golden === undefined || dictionary === undefined;

export function goldenJson<T>(...parts: readonly string[]): T {
  return JSON.parse(readFileSync(join(golden!, ...parts), 'utf8')) as T;
}

export async function goldenEncoder(kind: 'wordpiece' | 'character'): Promise<TextEncoder> {
  const vocabulary = await loadVocabulary(
    join(golden!, kind === 'wordpiece' ? 'model' : 'tokenizer_char', 'vocab.txt'),
  );
  return createTextEncoder(await loadDictionary(dictionary!), vocabulary, {
    subword: kind,
    lowerCase: false,
    vocabHasNoSubwordPrefix: kind === 'character',
  });
}
