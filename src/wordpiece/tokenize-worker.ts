import { isUtf8 } from 'node:buffer';
import type { Dictionary } from '../mecab/index.ts';
import { forEachLine } from '../text/reading/read-lines.ts';
import { dropUndecodable } from '../text/utf8.ts';
import { strippedBegin, strippedEnd } from '../text/whitespace.ts';
import { serveJobs } from '../threads/workers.ts';
import { createTokenizer, type PieceTable, type TokenizerOptions } from './tokenizer.ts';
import type { Vocabulary } from './vocabulary.ts';

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
  const write = jsonLineWriter(tokenizer.table);
  let result = new Uint8Array(1 << 20);

  return (block) => {
    const text = isUtf8(block) ? block : dropUndecodable(block);
    let length = 0;
    let lines = 0;
    let tokens = 0;
    let unknown = 0;
    forEachLine(text, (lineBegin, lineEnd) => {
      const begin = strippedBegin(text, lineBegin, lineEnd);
      const count = tokenizer.tokenize(text, begin, strippedEnd(text, begin, lineEnd));
      const needed = length + write.sizeOf(tokenizer.pieces, count);
      if (needed > result.length) {
        const larger = new Uint8Array(2 * needed);
        larger.set(result);
        result = larger;
      }
      length = write.line(result, length, tokenizer.pieces, count);
      lines++;
      tokens += count;
      for (let i = 0; i < count; i++) if (tokenizer.pieces[i] === tokenizer.table.unknown) unknown++;
    });
    const bytes = result.slice(0, length);
    return { value: { bytes, lines, tokens, unknown }, transfer: [bytes.buffer] };
  };
});

const opening = Buffer.from('{"tokens": [');
const middle = Buffer.from('], "ids": [');
const closing = Buffer.from(']}\n');

/** Writes `{"tokens": […], "ids": […]}` as Python's json.dumps does, from pieces' texts that are made once. */
function jsonLineWriter({ tokens, ids }: PieceTable) {
  const encoder = new TextEncoder();
  const texts: (Uint8Array | undefined)[] = new Array(tokens.length);
  const numbers: (Uint8Array | undefined)[] = new Array(tokens.length);
  const textOf = (piece: number) => (texts[piece] ??= encoder.encode(`${JSON.stringify(tokens[piece])}, `));
  const numberOf = (piece: number) => (numbers[piece] ??= encoder.encode(`${ids[piece]}, `));

  function list(
    target: Uint8Array,
    begin: number,
    pieces: Int32Array,
    count: number,
    partOf: (piece: number) => Uint8Array,
  ) {
    let at = begin;
    for (let i = 0; i < count; i++) {
      const part = partOf(pieces[i]!);
      for (let k = 0; k < part.length; k++) target[at++] = part[k]!;
    }
    return count > 0 ? at - 2 : at; // Without the last comma.
  }

  function put(target: Uint8Array, at: number, part: Uint8Array): number {
    target.set(part, at);
    return at + part.length;
  }

  return {
    sizeOf(pieces: Int32Array, count: number): number {
      let size = opening.length + middle.length + closing.length;
      for (let i = 0; i < count; i++) size += textOf(pieces[i]!).length + numberOf(pieces[i]!).length;
      return size;
    },
    line(target: Uint8Array, begin: number, pieces: Int32Array, count: number): number {
      let at = put(target, begin, opening);
      at = list(target, at, pieces, count, textOf);
      at = put(target, at, middle);
      at = list(target, at, pieces, count, numberOf);
      return put(target, at, closing);
    },
  };
}
