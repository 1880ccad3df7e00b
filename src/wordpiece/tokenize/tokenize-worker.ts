import { isUtf8 } from 'node:buffer';
import type { Dictionary } from '../../mecab/index.ts';
import { forEachLine } from '../../text/reading/read-lines.ts';
import { dropUndecodable } from '../../text/utf8.ts';
import { strippedBegin, strippedEnd } from '../../text/whitespace.ts';
import { serveJobs } from '../../threads/workers.ts';
import { createTokenizer, type TokenizerOptions } from '../tokenizer.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { createJsonLines } from './json-lines.ts';

export interface TokenizeSetup {
  readonly dictionary: Dictionary;
  readonly vocabulary: Vocabulary;
  readonly options: TokenizerOptions;
}

export interface TokenizeAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lines: number;
  readonly tokens: number;
  readonly unknown: number;
}

serveJobs<TokenizeSetup, Uint8Array, TokenizeAnswer>(({ dictionary, vocabulary, options }) => {
  const tokenizer = createTokenizer(dictionary, vocabulary, options);
  const { table } = tokenizer;
  const jsonLines = createJsonLines(table);

  return (block) => {
    const text = isUtf8(block) ? block : dropUndecodable(block);
    let lines = 0;
    let tokens = 0;
    let unknown = 0;
    forEachLine(text, (lineBegin, lineEnd) => {
      const begin = strippedBegin(text, lineBegin, lineEnd);
      const count = tokenizer.tokenize(text, begin, strippedEnd(text, begin, lineEnd));
      const { pieces } = tokenizer;
      jsonLines.add(pieces, count);
      lines++;
      tokens += count;
      for (let i = 0; i < count; i++) if (pieces[i] === table.unknown) unknown++;
    });
    const bytes = jsonLines.take();
    return { value: { bytes, lines, tokens, unknown }, transfer: [bytes.buffer] };
  };
});
