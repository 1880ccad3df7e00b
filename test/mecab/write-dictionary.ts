import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupBy } from '../../src/group-by.ts';

/** A word: surface, left id, right id, cost, feature. */
export type Word = readonly [string, number, number, number, string];

export interface DictionarySource {
  readonly words: readonly Word[];
  /** Categories as in char.def, with their unknown words (the surface is not used). DEFAULT and SPACE must be there. */
  readonly categories: Readonly<
    Record<string, { invoke?: boolean; group?: boolean; length?: number; characters?: string; words: readonly Word[] }>
  >;
  readonly ids: number;
  /** Cost of a right id before a left id. */
  readonly cost?: (rightId: number, leftId: number) => number;
  readonly dicrc?: string;
  readonly charset?: string;
}

/** Writes what `mecab-dict-index` would. */
export async function writeDictionary(directory: string, source: DictionarySource): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { categories, ids, dicrc = 'bos-feature = BOS/EOS\n' } = source;
  const unknown = Object.entries(categories).flatMap(([name, { words }]) =>
    words.map(([, ...rest]): Word => [name, ...rest]),
  );
  await writeFile(join(directory, 'sys.dic'), lexicon(source, 0, source.words));
  await writeFile(join(directory, 'unk.dic'), lexicon(source, 2, unknown));
  await writeFile(join(directory, 'matrix.bin'), matrix(ids, source.cost ?? (() => 0)));
  await writeFile(join(directory, 'char.bin'), characterTable(categories));
  await writeFile(join(directory, 'dicrc'), dicrc);
}

/** Writes a user dictionary for a dictionary with as many ids. */
export async function writeUserDictionary(file: string, ids: number, words: readonly Word[]): Promise<void> {
  await writeFile(file, lexicon({ ids }, 1, words));
}

function lexicon({ ids, charset = 'UTF-8' }: { ids: number; charset?: string }, type: number, words: readonly Word[]) {
  const surfaces = groupBy(words, ([surface]) => surface);
  const sorted = [...surfaces].map(([surface, tokens]) => ({ key: Buffer.from(surface), tokens }));
  sorted.sort((a, b) => Buffer.compare(a.key, b.key));
  const tokens: Buffer[] = [];
  const features: Buffer[] = [];
  const leaves = sorted.map(({ key, tokens: group }) => {
    const value = (tokens.length << 8) | group.length;
    for (const [, left, right, cost, feature] of group) {
      const token = Buffer.alloc(16);
      token.writeUInt16LE(left, 0);
      token.writeUInt16LE(right, 2);
      token.writeInt16LE(cost, 6);
      token.writeUInt32LE(Buffer.concat(features).length, 8);
      tokens.push(token);
      features.push(Buffer.from(`${feature}\0`));
    }
    return { key, value };
  });
  const sections = [doubleArray(leaves), Buffer.concat(tokens), Buffer.concat(features)] as const;
  const size = 72 + sections.reduce((sum, { length }) => sum + length, 0);
  const header = Buffer.alloc(72);
  const numbers = [0xef718f77 ^ size, 102, type, words.length, ids, ids, ...sections.map(({ length }) => length)];
  for (const [i, number] of numbers.entries()) header.writeUInt32LE(number >>> 0, 4 * i);
  header.write(charset, 40);
  return Buffer.concat([header, ...sections]);
}

/** Darts: the children of a unit lie at its base + their byte + 1, each checked by that base; a leaf at the base itself. */
function doubleArray(leaves: readonly { key: Buffer; value: number }[]): Buffer {
  const base: number[] = [];
  const used = new Set<number>();
  const check: number[] = [0];
  const place = (unit: number, entries: typeof leaves, depth: number): void => {
    const codes = groupBy(entries, ({ key }) => (depth < key.length ? key[depth]! + 1 : 0));
    let at = 1;
    while (used.has(at) || [...codes.keys()].some((code) => check[at + code] !== undefined)) at++;
    used.add(at);
    base[unit] = at;
    for (const code of codes.keys()) check[at + code] = at;
    for (const [code, group] of codes) {
      if (code === 0) base[at] = -group[0]!.value - 1;
      else place(at + code, group, depth + 1);
    }
  };
  if (leaves.length > 0) place(0, leaves, 0);
  const units = Buffer.alloc(8 * (check.length + 257));
  for (let unit = 0; unit < check.length; unit++) {
    units.writeInt32LE(base[unit] ?? 0, 8 * unit);
    units.writeUInt32LE(check[unit] ?? 0, 8 * unit + 4);
  }
  return units;
}

function matrix(ids: number, cost: (rightId: number, leftId: number) => number): Buffer {
  const bytes = Buffer.alloc(4 + 2 * ids * ids);
  bytes.writeUInt16LE(ids, 0);
  bytes.writeUInt16LE(ids, 2);
  for (let left = 0; left < ids; left++) {
    for (let right = 0; right < ids; right++) bytes.writeInt16LE(cost(right, left), 4 + 2 * (right + ids * left));
  }
  return bytes;
}

function characterTable(categories: DictionarySource['categories']): Buffer {
  const names = Object.keys(categories);
  const entryOf = (name: string, sets: readonly string[]): number => {
    const { invoke = false, group = false, length = 0 } = categories[name]!;
    const set = sets.reduce((bits, other) => bits | (1 << names.indexOf(other)), 0);
    return (set | (names.indexOf(name) << 18) | (length << 26) | (group ? 1 << 30 : 0) | (invoke ? 1 << 31 : 0)) >>> 0;
  };
  const bytes = Buffer.alloc(4 + 32 * names.length + 4 * 0xffff);
  bytes.writeUInt32LE(names.length, 0);
  for (const [i, name] of names.entries()) bytes.write(name, 4 + 32 * i);
  for (let code = 0; code < 0xffff; code++) {
    const sets = names.filter((name) => categories[name]!.characters?.includes(String.fromCharCode(code)));
    const name = sets[0] ?? 'DEFAULT';
    bytes.writeUInt32LE(entryOf(name, sets.length > 0 ? sets : ['DEFAULT']), 4 + 32 * names.length + 4 * code);
  }
  return bytes;
}
