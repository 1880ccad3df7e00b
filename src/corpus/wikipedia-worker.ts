import { isUtf8 } from 'node:buffer';
import type { Dictionary, SureWords } from '../mecab/index.ts';
import { forEachTextLine } from '../text/reading/read-lines.ts';
import { firstUndecodable } from '../text/utf8.ts';
import { serveJobs } from '../threads/workers.ts';
import { cleanPage } from './clean-page.ts';
import { createSentenceSplitter, isWanted, type SentenceLengths } from './sentence-splitter.ts';

export interface WikipediaSetup {
  readonly dictionary: Dictionary;
  readonly sure: SureWords | undefined;
  readonly lengths: SentenceLengths;
}

/** Sentences of the pages in a block, or what is wrong with it and at which of its bytes. */
export type WikipediaAnswer =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly pages: number; readonly sentences: number }
  | { readonly problem: string; readonly at: number };

interface Page {
  readonly title: string | null;
  readonly text: string;
}

serveJobs<WikipediaSetup, Uint8Array, WikipediaAnswer>(({ dictionary, sure, lengths }) => {
  const split = createSentenceSplitter(dictionary, sure);
  const encoder = new TextEncoder();
  let line = Buffer.alloc(1 << 20);

  return (block) => {
    const source = Buffer.from(block.buffer, block.byteOffset, block.length);
    if (!isUtf8(source)) return { value: { problem: 'not UTF-8', at: firstUndecodable(source) } };
    const result = new Uint8Array(2 * block.length + 1);
    let length = 0;
    let pages = 0;
    let sentences = 0;
    let failure: { problem: string; at: number } | undefined;

    function addPage({ title, text }: Page): void {
      const cleaned = cleanPage(text, title);
      if (line.length < 3 * cleaned.length) line = Buffer.alloc(6 * cleaned.length);
      const { written } = encoder.encodeInto(cleaned, line);
      const before = sentences;
      split(line, written, (begin, end) => {
        if (!isWanted(line, begin, end, lengths)) return;
        result.set(line.subarray(begin, end), length);
        length += end - begin;
        result[length++] = 0x0a;
        sentences++;
      });
      if (sentences === before) return;
      result[length++] = 0x0a;
      pages++;
    }

    forEachTextLine(source, (begin, end) => {
      if (failure) return;
      const page = parsePage(source.toString('utf8', begin, end));
      if (typeof page === 'string') failure = { problem: page, at: begin };
      else if (page) addPage(page);
    });
    if (failure) return { value: failure };
    const bytes = result.slice(0, length);
    return { value: { bytes, pages, sentences }, transfer: [bytes.buffer] };
  };
});

/** The page on a line of the dump, nothing for an index line, or what is wrong with the line. */
function parsePage(line: string): Page | string | undefined {
  let item: unknown;
  try {
    item = JSON.parse(line);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  if (typeof item !== 'object' || item === null) return 'not a JSON object';
  if ('index' in item) return undefined;
  const { title, text } = item as Partial<Record<string, unknown>>;
  if (typeof text !== 'string') return 'a page without "text"';
  if (typeof title !== 'string' && title !== null) return 'a page without "title"';
  return { title, text };
}
