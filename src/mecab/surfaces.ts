import { join } from 'node:path';
import { readLexicon } from './format/lexicon.ts';
import { readSharedFile } from './format/shared-file.ts';
import { forEachSurface } from './format/surfaces.ts';

/** Calls back with each word of a dictionary directory's sys.dic, as UTF-8 in `bytes[0, length)`. Throws DictionaryError. */
export async function readSurfaces(
  directory: string,
  visit: (bytes: Uint8Array, length: number) => void,
): Promise<void> {
  const file = join(directory, 'sys.dic');
  forEachSurface(readLexicon(file, await readSharedFile(file), 'system'), visit);
}
