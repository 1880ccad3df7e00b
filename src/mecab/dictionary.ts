import { join } from 'node:path';
import { type Characters, readCharacters } from './characters.ts';
import { type Connections, readConnections } from './connections.ts';
import { DictionaryError } from './dictionary-error.ts';
import { exactMatch, type Lexicon, readLexicon } from './lexicon.ts';
import { readSettings, type Settings } from './settings.ts';
import { readSharedFile } from './shared-file.ts';

/** A MeCab dictionary. All that is large lies in shared memory: post it to worker threads as it is. */
export interface Dictionary {
  /** The system dictionary, then the user's. */
  readonly lexicons: readonly Lexicon[];
  readonly unknown: Lexicon;
  /** Of each category of characters: its first token in `unknown`, and how many. */
  readonly unknownTokens: readonly { readonly first: number; readonly count: number }[];
  readonly characters: Characters;
  readonly connections: Connections;
  readonly settings: Settings;
}

/**
 * Reads sys.dic, unk.dic, matrix.bin, char.bin and dicrc of a directory, and user dictionaries.
 * Throws DictionaryError, which names the file and the reason.
 */
export async function loadDictionary(
  directory: string,
  { user = [] }: { readonly user?: readonly string[] } = {},
): Promise<Dictionary> {
  const file = (name: string) => join(directory, name);
  const read = async <T>(path: string, parse: (path: string, buffer: SharedArrayBuffer) => T): Promise<T> =>
    parse(path, await readSharedFile(path));
  const [system, unknown, connections, characters, settings, ...users] = await Promise.all([
    read(file('sys.dic'), (path, buffer) => readLexicon(path, buffer, 'system')),
    read(file('unk.dic'), (path, buffer) => readLexicon(path, buffer, 'unknown')),
    read(file('matrix.bin'), readConnections),
    read(file('char.bin'), readCharacters),
    readSettings(file('dicrc')),
    ...user.map((path) => read(path, (path, buffer) => readLexicon(path, buffer, 'user'))),
  ]);
  const lexicons = [system, ...users];
  for (const lexicon of [...lexicons, unknown]) requireFit(lexicon, connections);
  const unknownTokens = characters.categories.map((category) => {
    const tokens = exactMatch(unknown, Buffer.from(category));
    if (tokens === undefined) throw new DictionaryError(unknown.file, `no entry for the category ${category}`);
    return tokens;
  });
  return { lexicons, unknown, unknownTokens, characters, connections, settings };
}

function requireFit({ file, leftSize, rightSize }: Lexicon, matrix: Connections): void {
  if (leftSize === matrix.leftSize && rightSize === matrix.rightSize) return;
  const sizes = `${leftSize} × ${rightSize} connections, matrix.bin ${matrix.leftSize} × ${matrix.rightSize}`;
  throw new DictionaryError(file, `compiled for another dictionary: ${sizes}`);
}
