/** What is known of inputs when a stage's cost is reckoned. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { listTexts } from '../src/corpus/text-inputs.ts';
import type { Content } from '../src/stage/index.ts';
import { expectedTextBytes } from '../src/text/reading/open-text.ts';

/** Bytes of text in files or directories, archives counted unpacked. */
export async function textBytes(contents: readonly Content[]): Promise<number> {
  const sizes = await Promise.all(
    contents.map(async ({ bytes, text, path }) => {
      if (path === undefined) return text ?? bytes;
      const files = await Promise.all((await listTexts([path])).map(expectedTextBytes));
      return files.reduce((sum, size) => sum + size, 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes of all. */
export function totalBytes(contents: readonly Content[]): number {
  return contents.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The parsed value of a configuration; undefined where it is still to be made. */
export async function parsedValue({ value, path }: Content): Promise<unknown> {
  if (value !== undefined || path === undefined) return value;
  return parse(await readFile(path, 'utf8')) as unknown;
}
