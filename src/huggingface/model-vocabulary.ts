import { join } from 'node:path';
import { loadVocabulary, type Vocabulary } from '../wordpiece/vocabulary.ts';
import { ModelError } from './model-error.ts';
import type { Model } from './open-model.ts';

/** The tokens of a model's vocab.txt. Throws `ModelError` if there are more of them than the model has. */
export async function modelVocabulary({ directory, vocabulary: path, config }: Model): Promise<Vocabulary> {
  const { vocabSize } = config.architecture;
  const vocabulary = await loadVocabulary(path);
  const needed = vocabulary.ids.reduce((most, id) => Math.max(most, id), 0) + 1;
  if (needed > vocabSize) {
    throw new ModelError(
      `${path} has ${needed} tokens, ${join(directory, 'config.json')} says vocab_size ${vocabSize}: it is the vocabulary of another model`,
    );
  }
  return vocabulary;
}
