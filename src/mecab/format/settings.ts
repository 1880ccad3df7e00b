import { readFile } from 'node:fs/promises';
import { DictionaryError } from './dictionary-error.ts';

/** What `dicrc` says about the result. */
export interface Settings {
  /** The longest unknown word by grouping, in characters after the first. */
  readonly maxGroupingSize: number;
  /** Printed for every unknown word in place of unk.dic's. */
  readonly unknownFeature: string | undefined;
  /** Names of files, where it says which (`userdic`). */
  readonly userDictionaries: readonly string[] | undefined;
}

const DEFAULT_MAX_GROUPING_SIZE = 24;

/** Throws DictionaryError if the file is missing or a line is not `key = value`. */
export async function readSettings(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new DictionaryError(file, error.code === 'ENOENT' ? 'no such file' : error.message);
  });
  const values = new Map(
    text
      .split('\n')
      .map((line, index) => ({ line: line.trimEnd(), index }))
      .filter(({ line }) => line !== '' && !/^[;#]/.test(line))
      .map(({ line, index }) => {
        const at = line.indexOf('=');
        if (at < 0) throw new DictionaryError(file, `line ${index + 1} is not "key = value": ${line}`);
        return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );
  const size = Number.parseInt(values.get('max-grouping-size') ?? '', 10);
  return {
    maxGroupingSize: size > 0 ? size : DEFAULT_MAX_GROUPING_SIZE,
    unknownFeature: values.get('unk-feature') || undefined,
    userDictionaries: values
      .get('userdic')
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}
