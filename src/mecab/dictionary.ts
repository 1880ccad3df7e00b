import { join } from 'node:path';
import { readCharacters } from './format/characters.ts';
import { type Connections, readConnections } from './format/connections.ts';
import { DictionaryError } from './format/dictionary-error.ts';
import { type Lexicon, readLexiconFile, tokensOfKey } from './format/lexicon.ts';
import { readSettings, type Settings } from './format/settings.ts';
import { readFileInto, readSharedFile } from './format/shared-file.ts';
import { userDictionaries } from './format/user-dictionaries.ts';
import { buildImage, roomForMatrix, type SearchImage } from './search/image.ts';

/** A MeCab dictionary. All that is large lies in shared memory: post it to worker threads as it is. */
export interface Dictionary {
  /** The system dictionary, then the user's. */
  readonly lexicons: readonly Lexicon[];
  readonly unknown: Lexicon;
  readonly image: SearchImage;
  readonly settings: Settings;
}

/**
 * Reads sys.dic, unk.dic, matrix.bin, char.bin and dicrc of a directory, and the user dictionaries beside them.
 * Who asks no tagger for features loads it without them: of unidic-lite they are five sixths of sys.dic.
 * Throws DictionaryError, which names the file and the reason.
 */
export async function loadDictionary(
  directory: string,
  { features = true }: { readonly features?: boolean } = {},
): Promise<Dictionary> {
  const file = (name: string) => join(directory, name);
  const read = async <T>(path: string, parse: (path: string, buffer: SharedArrayBuffer) => T): Promise<T> =>
    parse(path, await readSharedFile(path));
  const matrix = readMatrix(file('matrix.bin'));
  matrix.catch(() => {}); // Told below: one after the other, so that of several flaws it is always the same that is told.
  const system = await readLexiconFile(file('sys.dic'), 'system', features);
  const unknown = await readLexiconFile(file('unk.dic'), 'unknown', features);
  const { connections, memory } = await matrix;
  const characters = await read(file('char.bin'), readCharacters);
  const settings = await readSettings(file('dicrc'));
  const users: Lexicon[] = [];
  for (const path of await userDictionaries(directory, settings)) {
    users.push(await readLexiconFile(path, 'user', features));
  }
  const lexicons = [system, ...users];
  for (const lexicon of [...lexicons, unknown]) requireFit(lexicon, connections);
  const unknownTokens = characters.categories.map((category) => {
    const tokens = tokensOfKey(unknown, Buffer.from(category));
    if (tokens === undefined) throw new DictionaryError(unknown.file, `no entry for the category ${category}`);
    return tokens;
  });
  const image = buildImage({ lexicons, unknown, unknownTokens, characters, connections, memory });
  return { lexicons, unknown, image, settings };
}

async function readMatrix(path: string): Promise<{ connections: Connections; memory: WebAssembly.Memory }> {
  const { memory, file } = await readFileInto(path, roomForMatrix);
  return { connections: readConnections(path, file), memory };
}

function requireFit({ file, leftSize, rightSize }: Lexicon, matrix: Connections): void {
  if (leftSize === matrix.leftSize && rightSize === matrix.rightSize) return;
  const sizes = `${leftSize} × ${rightSize} connections, matrix.bin ${matrix.leftSize} × ${matrix.rightSize}`;
  throw new DictionaryError(file, `compiled for another dictionary: ${sizes}`);
}
