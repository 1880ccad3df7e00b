import { readTextLines } from '../text/reading/read-text-lines.ts';
import { TextError } from '../text/text-error.ts';

/** A vocabulary file's tokens. A token that stands on several lines has its place at the first and its id from the last. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  /** Id of each of `tokens`: the number of its line, from 0. */
  readonly ids: Int32Array;
  /** Where each token is in `tokens`. */
  readonly positions: ReadonlyMap<string, number>;
}

/** Reads vocab.txt, one token a line. Throws `TextError` if it is not UTF-8 or has no tokens. */
export async function loadVocabulary(path: string): Promise<Vocabulary> {
  const lines = await readTextLines(path);
  if (lines.length === 0) throw new TextError(`${path}: no tokens in it; expected a vocabulary with one token a line`);
  return vocabularyOf(lines);
}

export function vocabularyOf(lines: readonly string[]): Vocabulary {
  const tokens: string[] = [];
  const ids: number[] = [];
  const positions = new Map<string, number>();
  for (const [line, token] of lines.entries()) {
    const position = positions.get(token);
    if (position !== undefined) {
      ids[position] = line;
      continue;
    }
    positions.set(token, tokens.length);
    tokens.push(token);
    ids.push(line);
  }
  return { tokens, ids: Int32Array.from(ids), positions };
}

/** What an id stands for, `#` and the number if nothing. */
export function tokenNames({ tokens, ids }: Vocabulary): (id: number) => string {
  const names = new Map(tokens.map((token, position) => [ids[position]!, token]));
  return (id) => names.get(id) ?? `#${id}`;
}
