import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { DictionaryError } from './dictionary-error.ts';
import type { Settings } from './settings.ts';

const others = new Set(['sys.dic', 'unk.dic']);

/**
 * The user dictionaries of a directory, in the order in which MeCab would be given them: those that dicrc's `userdic` names, or
 * else every further .dic file, by name. All must lie in the directory, whose content stands for them in a stage's key:
 * throws DictionaryError for others.
 */
export async function userDictionaries(directory: string, { userDictionaries: named }: Settings): Promise<string[]> {
  if (named === undefined) {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith('.dic') && !others.has(name))
      .map((name) => join(directory, name))
      .sort();
  }
  return named.map((name) => {
    const path = resolve(directory, name);
    if (!relative(directory, path).startsWith('..')) return path;
    throw new DictionaryError(
      join(directory, 'dicrc'),
      `its userdic ${name} lies elsewhere: copy it beside sys.dic, and name it without a folder`,
    );
  });
}
