import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DictionaryError } from './format/dictionary-error.ts';

const FILES = ['sys.dic', 'unk.dic', 'matrix.bin', 'char.bin', 'dicrc'] as const;
const FOLDER = '/usr/local/lib/mecab/dic/ipadic/';

/**
 * Unpacks the IPADIC that the npm package mecab-wasm carries into `directory`, as MeCab's files.
 * Throws DictionaryError if the package is not there or does not hold them.
 */
export async function extractEmbeddedIpadic(directory: string): Promise<void> {
  const folder = mecabWasmFolder();
  const script = join(folder, 'libmecab.js');
  const ranges = packagedFiles(await readFile(script, 'utf8'));
  const data = await open(join(folder, 'libmecab.data'));
  try {
    await mkdir(directory, { recursive: true });
    for (const name of FILES) {
      const range = ranges.get(FOLDER + name);
      if (range === undefined) throw new DictionaryError(script, `does not list ${name}`);
      const bytes = Buffer.alloc(range.end - range.start);
      const { bytesRead } = await data.read(bytes, 0, bytes.length, range.start);
      if (bytesRead < bytes.length) throw new DictionaryError(join(folder, 'libmecab.data'), 'truncated');
      await writeFile(join(directory, name), bytes);
    }
  } finally {
    await data.close();
  }
}

/** Looked up by hand: the package's `exports` field is malformed, so that Node refuses to resolve any of its files. */
export function mecabWasmFolder(): string {
  const roots = createRequire(import.meta.url).resolve.paths('mecab-wasm') ?? [];
  const folders = roots.map((root) => join(root, 'mecab-wasm/lib'));
  const folder = folders.find((path) => existsSync(join(path, 'libmecab.data')));
  if (folder === undefined)
    throw new DictionaryError('mecab-wasm', 'the npm package is not installed: run npm install');
  return folder;
}

/** Emscripten's list of packaged files: where each lies in the .data file. */
function packagedFiles(script: string): Map<string, { start: number; end: number }> {
  const entries = script.matchAll(/"filename":\s*"([^"]+)",\s*"start":\s*(\d+),\s*"end":\s*(\d+)/g);
  return new Map(Array.from(entries, ([, name, start, end]) => [name!, { start: Number(start), end: Number(end) }]));
}
