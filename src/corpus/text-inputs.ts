import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkUtf8, type LineBlock, type ReadOptions, readLineBlocks } from '../text/reading/read-lines.ts';
import { TextError } from '../text/text-error.ts';

/** A block of a text that is one of several, with how far all of them have been read. */
export interface InputBlock extends LineBlock {
  readonly path: string;
  readonly bytesRead: number;
}

/** Files as they are given; in place of a directory the files in it, by name. */
export async function listTexts(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      if (!(await stat(path)).isDirectory()) return [path];
      const entries = await readdir(path, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
      if (names.length === 0) throw new TextError(`${path}: no files in this directory`);
      return names.sort().map((name) => join(path, name));
    }),
  );
  return lists.flat();
}

/** Size on disk of all texts, for progress. */
export async function totalSize(texts: readonly string[]): Promise<number> {
  const sizes = await Promise.all(texts.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The lines of all texts, one after the other, checked to be UTF-8. No line goes on in the next text. */
export async function* readTexts(texts: readonly string[], options?: ReadOptions): AsyncGenerator<InputBlock> {
  let before = 0;
  for (const path of texts) {
    let position = 0;
    for await (const block of readLineBlocks(path, options)) {
      await checkUtf8(path, block);
      position = block.position;
      yield { ...block, path, bytesRead: before + position };
    }
    before += position;
  }
}
