import { readSurfaces } from '../mecab/index.ts';
import { nfkc } from '../text/normalize.ts';
import { isPrintable } from '../text/printable.ts';
import { csvFirstFields } from './csv-first-fields.ts';
import { readTexts } from './text-inputs.ts';

/** Characters of a dictionary's words, each normalised by itself, that stay one printable character; by code point. */
export async function dictionaryAlphabet(directory: string): Promise<string[]> {
  const alphabet = collector();
  await readSurfaces(directory, (bytes, length) => alphabet.add(Buffer.from(bytes.buffer, 0, length).toString()));
  return alphabet.sorted();
}

/** The same of a lex.csv. An empty word stands for the quotation mark. Throws `TextError`. */
export async function lexiconAlphabet(path: string): Promise<string[]> {
  const alphabet = collector();
  const readField = csvFirstFields((word) => alphabet.add(word || '"'));
  for await (const { bytes } of readTexts([path])) readField(Buffer.from(bytes.buffer).toString());
  readField(undefined);
  return alphabet.sorted();
}

function collector() {
  const seen = new Set<number>();
  return {
    add(word: string): void {
      for (const character of word) seen.add(character.codePointAt(0)!);
    },
    sorted(): string[] {
      const kept = new Set<number>();
      for (const code of seen) {
        const [first, ...more] = Array.from(nfkc(String.fromCodePoint(code)), (each) => each.codePointAt(0)!);
        if (first !== undefined && more.length === 0 && isPrintable(first)) kept.add(first);
      }
      return Array.from(kept)
        .sort((a, b) => a - b)
        .map((code) => String.fromCodePoint(code));
    },
  };
}
