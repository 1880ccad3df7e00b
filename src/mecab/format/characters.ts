import { DictionaryError } from './dictionary-error.ts';
import { textUntilZero } from './lexicon.ts';

/**
 * `char.bin`: the categories of the characters of the BMP. An entry is, from the low bits up: set of categories (18),
 * own category (8), length (4), group (1), invoke (1), as char.def has them.
 */
export interface Characters {
  readonly categories: readonly string[];
  /** By UTF-16 code unit; U+FFFF, which the file does not hold, has no category. */
  readonly entries: Uint32Array;
}

const NAME_BYTES = 32;
const FILE_ENTRIES = 0xffff;

/** Throws DictionaryError if the size is wrong or an entry names a category that is not there. */
export function readCharacters(file: string, buffer: SharedArrayBuffer): Characters {
  const count = buffer.byteLength < 4 ? 0 : new Uint32Array(buffer, 0, 1)[0]!;
  const expected = 4 + NAME_BYTES * count + 4 * FILE_ENTRIES;
  if (count === 0 || buffer.byteLength !== expected) {
    throw new DictionaryError(file, `no character table: ${buffer.byteLength} bytes for ${count} categories`);
  }
  const categories = Array.from({ length: count }, (_, i) =>
    textUntilZero(new Uint8Array(buffer, 4 + NAME_BYTES * i, NAME_BYTES)),
  );
  const entries = new Uint32Array(new SharedArrayBuffer(4 * (FILE_ENTRIES + 1)));
  entries.set(new Uint32Array(buffer, 4 + NAME_BYTES * count, FILE_ENTRIES));
  const foreign = entries.findIndex((entry) => ((entry >>> 18) & 0xff) >= count);
  if (foreign >= 0) throw new DictionaryError(file, `U+${foreign.toString(16).padStart(4, '0')} has no known category`);
  return { categories, entries };
}
