/** A corpus as token ids in a few typed arrays: about 2.2 bytes a token with a vocabulary of 16 bits. */
export interface TokenizedCorpus {
  /** Of all sentences, one after another. In shared memory, so that every thread reads the same copy. */
  readonly ids: Uint16Array | Uint32Array;
  /** A bit per token, lowest first: its text begins with `##`. */
  readonly continues: Uint8Array;
  /** Where each sentence begins in `ids`, and where the last one ends. */
  readonly sentenceStarts: Uint32Array;
  /** Where each document begins in `sentenceStarts`, and where the last one ends. No document is empty. */
  readonly documentStarts: Uint32Array;
}

/** Consecutive lines, tokenized. */
export interface TokenizedBlock {
  readonly ids: Uint16Array | Uint32Array;
  readonly continues: Uint8Array;
  /** Tokens of each sentence; 0 stands for the blank line that ends a document. */
  readonly sentences: Uint32Array;
}

export const documentEnd = 0;

export interface CorpusBuilder {
  add(block: TokenizedBlock): void;
  finish(): TokenizedCorpus;
}

/** The array type that holds the ids of a vocabulary. */
export function idArrayFor(idLimit: number): ArrayType<Uint16Array | Uint32Array> {
  return idLimit <= 2 ** 16 ? Uint16Array : Uint32Array;
}

/**
 * Joins blocks in order; a document may go on from one block to the next.
 * `expectedTokens` reserves address space, not memory: pages are taken when they are written.
 */
export function corpusBuilder(idLimit: number, expectedTokens: number): CorpusBuilder {
  const room = Math.max(expectedTokens, 1024);
  let ids = shared(idArrayFor(idLimit), room);
  let continues = shared(Uint8Array, Math.ceil(room / 8) + 1);
  let sentenceStarts = shared(Uint32Array, Math.ceil(room / 16) + 1);
  let documentStarts = shared(Uint32Array, Math.ceil(room / 256) + 1);
  let tokens = 0;
  let sentences = 0;
  let documents = 0;

  function endDocument(): void {
    if (documentStarts[documents] === sentences) return;
    documentStarts = withRoom(documentStarts, documents + 2);
    documentStarts[++documents] = sentences;
  }

  return {
    add(block) {
      const end = tokens + block.ids.length;
      if (end >= 2 ** 32) throw new RangeError('a corpus of more than 2^32 tokens: split it into more shards');
      ids = withRoom(ids, end);
      ids.set(block.ids, tokens);
      continues = withRoom(continues, Math.ceil(end / 8) + 1);
      appendBits(continues, tokens, block.continues, block.ids.length);
      sentenceStarts = withRoom(sentenceStarts, sentences + block.sentences.length + 1);
      for (const length of block.sentences) {
        if (length === documentEnd) {
          endDocument();
        } else {
          tokens += length;
          sentenceStarts[++sentences] = tokens;
        }
      }
    },
    finish() {
      endDocument();
      return {
        ids: ids.subarray(0, tokens),
        continues: continues.subarray(0, Math.ceil(tokens / 8)),
        sentenceStarts: sentenceStarts.subarray(0, sentences + 1),
        documentStarts: documentStarts.subarray(0, documents + 1),
      };
    },
  };
}

/** Sets `length` bits of `target` from bit `at` on; they are 0 before. */
function appendBits(target: Uint8Array, at: number, bits: Uint8Array, length: number): void {
  const shift = at % 8;
  let to = Math.floor(at / 8);
  const end = Math.ceil(length / 8);
  for (let i = 0; i < end; i++) {
    target[to]! |= bits[i]! << shift;
    target[++to]! |= bits[i]! >> (8 - shift);
  }
}

type Numbers = Uint8Array | Uint16Array | Uint32Array;

interface ArrayType<T> {
  new (length: number): T;
  new (buffer: ArrayBufferLike): T;
  readonly BYTES_PER_ELEMENT: number;
}

function shared<T>(type: ArrayType<T>, length: number): T {
  return new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT));
}

/** The array itself if it has room for `length` items, otherwise a copy of it that is at least twice as long. */
function withRoom<T extends Numbers>(array: T, length: number): T {
  if (length <= array.length) return array;
  const copy = shared(array.constructor as unknown as ArrayType<T>, Math.max(length, 2 * array.length));
  copy.set(array);
  return copy;
}
