/** The worker that tokenizes blocks of lines. */
import { isUtf8 } from 'node:buffer';
import type { Dictionary } from '../../mecab/index.ts';
import { forEachLine } from '../../text/reading/read-lines.ts';
import { dropUndecodable } from '../../text/utf8.ts';
import { strippedBegin, strippedEnd } from '../../text/whitespace.ts';
import { serveJobs } from '../../threads/workers.ts';
import { createTokenizer, type TokenizerOptions } from '../../wordpiece/tokenizer.ts';
import type { Vocabulary } from '../../wordpiece/vocabulary.ts';
import { documentEnd, idArrayFor, type TokenizedBlock } from './tokenized-corpus.ts';

const carriageReturn = 0x0d;

export interface TokenizeSetup {
  readonly dictionary: Dictionary;
  readonly vocabulary: Vocabulary;
  /** All ids are below this. */
  readonly idLimit: number;
  readonly options: TokenizerOptions;
}

export interface TokenizeAnswer extends TokenizedBlock {
  readonly unknownTokens: number;
}

serveJobs(({ dictionary, vocabulary, idLimit, options }: TokenizeSetup) => {
  const tokenizer = createTokenizer(dictionary, vocabulary, options);
  const { ids: idOf, tokens, unknown } = tokenizer.table;
  const continuesAt = Uint8Array.from(tokens, (token) => (token.startsWith('##') ? 1 : 0));
  const IdArray = idArrayFor(idLimit);
  let ids = new IdArray(1 << 18);
  let continues = new Uint8Array(1 << 15);
  let sentences = new Uint32Array(1 << 13);

  return (block: Uint8Array) => {
    const bytes = asRead(block);
    let length = 0;
    let lines = 0;
    let unknownTokens = 0;
    continues.fill(0);

    function addPieces(count: number): void {
      while (length + count > ids.length) {
        ids = withItems(new IdArray(2 * ids.length), ids);
        continues = withItems(new Uint8Array(2 * continues.length), continues);
      }
      const { pieces } = tokenizer;
      for (let i = 0; i < count; i++, length++) {
        const piece = pieces[i]!;
        ids[length] = idOf[piece]!;
        continues[length >>> 3]! |= continuesAt[piece]! << (length & 7);
        if (piece === unknown) unknownTokens++;
      }
    }

    forEachLine(bytes, (begin, end) => {
      const from = strippedBegin(bytes, begin, end);
      const to = strippedEnd(bytes, from, end);
      const isBlank = from === to;
      const count = isBlank ? 0 : tokenizer.tokenize(bytes, from, to);
      if (count === 0 && !isBlank) return; // A line without tokens is no sentence, and does not end a document.
      if (lines === sentences.length) sentences = withItems(new Uint32Array(2 * lines), sentences);
      sentences[lines++] = isBlank ? documentEnd : count;
      addPieces(count);
    });

    const value = {
      ids: ids.slice(0, length),
      continues: continues.slice(0, Math.ceil(length / 8)),
      sentences: sentences.slice(0, lines),
      unknownTokens,
    } satisfies TokenizeAnswer;
    return { value, transfer: [value.ids.buffer, value.continues.buffer, value.sentences.buffer] };
  };
});

/** As the original gets its lines: TensorFlow's reader leaves out every carriage return, even within a character, and what cannot be decoded is dropped. */
function asRead(block: Uint8Array): Uint8Array {
  const bytes = block.includes(carriageReturn) ? block.filter((byte) => byte !== carriageReturn) : block;
  return isUtf8(bytes) ? bytes : dropUndecodable(bytes);
}

function withItems<A extends Uint8Array | Uint16Array | Uint32Array>(array: A, items: A): A {
  array.set(items);
  return array;
}
