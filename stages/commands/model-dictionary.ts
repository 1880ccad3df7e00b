import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedCache } from '../../src/devices/addon-folder.ts';
import { type Dictionary, loadDictionary } from '../../src/mecab/index.ts';
import { StageError } from '../../src/stage/index.ts';
import { embedded, fetchDictionary } from '../fetch-dictionary.ts';

/** Where the dictionaries come from that tokenizer_config.json names by their Python packages. */
const packages: Readonly<Record<string, string>> = { ipadic: embedded, unidic_lite: 'unidic-lite==1.0.8' };

/** The MeCab dictionary of a model: one that was given, else the one that it names, fetched once into the user's cache folder. */
export async function modelDictionary(
  name: string,
  given: string | undefined,
  log: (message: string) => void,
): Promise<Dictionary> {
  if (given !== undefined) return loadDictionary(given);
  const package_ = packages[name];
  if (package_ === undefined) {
    throw new StageError(`the model wants the MeCab dictionary ${name}: give its directory with --dictionary`);
  }
  const directory = join(sharedCache(), 'dictionaries', package_.replace(/\W+/g, '-'));
  if (!existsSync(directory)) await install(package_, directory, log);
  return loadDictionary(directory);
}

/** Made beside its place and renamed into it, so that what is there is whole. */
async function install(package_: string, directory: string, log: (message: string) => void): Promise<void> {
  await mkdir(join(directory, '..'), { recursive: true });
  const scratch = await mkdtemp(`${directory}.`);
  try {
    const target = join(scratch, 'dictionary');
    await mkdir(target);
    log(`getting the MeCab dictionary ${package_} into ${directory}`);
    await fetchDictionary({
      package: package_,
      sha256: undefined,
      target,
      scratch,
      signal: new AbortController().signal,
      log,
    });
    await loadDictionary(target);
    await rename(target, directory).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
