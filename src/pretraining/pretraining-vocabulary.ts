import type { Vocabulary } from '../wordpiece/vocabulary.ts';
import { PretrainingError } from './pretraining-error.ts';

/** What instance making needs to know of a vocabulary. */
export interface PretrainingVocabulary {
  /** All ids are below this. */
  readonly idLimit: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
  /** Id of each distinct token, in the order of their first lines: what a random replacement is drawn from. */
  readonly randomIds: Int32Array;
}

/** Throws `PretrainingError` if a special token is missing; `path` is for its message. */
export function pretrainingVocabulary(
  path: string,
  { tokens, ids, positions }: Vocabulary,
  vocabHasNoSubwordPrefix: boolean,
): PretrainingVocabulary {
  const idOf = (token: string): number => {
    const position = positions.get(token);
    if (position !== undefined) return ids[position]!;
    throw new PretrainingError(
      `${path}: no line ${token}. Give the vocabulary that train-tokenizer or character-vocab made.`,
    );
  };
  const unknown = idOf('[UNK]');
  const withoutPrefix = (token: string) => (vocabHasNoSubwordPrefix && token.startsWith('##') ? token.slice(2) : token);
  return {
    idLimit: ids.reduce((greatest, id) => Math.max(greatest, id), 0) + 1,
    cls: idOf('[CLS]'),
    sep: idOf('[SEP]'),
    mask: idOf('[MASK]'),
    randomIds: Int32Array.from(tokens, (token) => ids[positions.get(withoutPrefix(token)) ?? -1] ?? unknown),
  };
}
