import { createTagger, type Dictionary } from '../mecab/index.ts';
import { byteNormalizer } from '../text/byte-normalizer.ts';
import { lowerCase, lowerCaseEach } from '../text/lower-case.ts';
import { nfkc } from '../text/normalize.ts';
import { TextError } from '../text/text-error.ts';
import { characterPieces, wordPieces } from './subwords.ts';
import type { Vocabulary } from './vocabulary.ts';
import { createWordTable } from './word-table.ts';

export interface TokenizerOptions {
  readonly subword: 'wordpiece' | 'character';
  readonly lowerCase: boolean;
  /** Ids are looked up without the ## of a token. */
  readonly vocabHasNoSubwordPrefix: boolean;
}

/** MeCab, then WordPiece or characters: what transformers' BertJapaneseTokenizer gives. For one thread. */
export interface Tokenizer {
  /** Every piece that a text can give, by number: its token and its id. */
  readonly table: PieceTable;
  /** The pieces of the last line, as numbers in `table`; replaced when it grows. */
  readonly pieces: Int32Array;
  /** Tokenizes one line of valid UTF-8 in `bytes[begin, end)` and returns its number of pieces. */
  tokenize(bytes: Uint8Array, begin: number, end: number): number;
}

export interface PieceTable {
  readonly tokens: readonly string[];
  readonly ids: Int32Array;
  /** The piece that stands for what the vocabulary lacks. */
  readonly unknown: number;
}

const specialTokens = ['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]'];
const specialToken = /(\[(?:UNK|SEP|PAD|CLS|MASK)\])/;

/** Words whose pieces are kept; then the cache starts afresh, so that memory does not grow with the text. */
const cachedWords = 1 << 18;

/** Throws `TextError` if the vocabulary has no [UNK]. */
export function createTokenizer(dictionary: Dictionary, vocabulary: Vocabulary, options: TokenizerOptions): Tokenizer {
  const table = pieceTable(vocabulary, options);
  const subwords = (options.subword === 'wordpiece' ? wordPieces : characterPieces)(vocabulary, table.unknown);
  const normalizer = options.lowerCase
    ? byteNormalizer((text) => nfkc(lowerCaseText(text)), '[')
    : byteNormalizer(nfkc);
  const tagger = createTagger(dictionary);
  const words = createWordTable();
  /** Of each of the dictionary's records the number of its word and one, or 0: most words are found here, without their bytes. */
  const wordOfToken = new Int32Array(tagger.knownTokens);
  let pieces = new Int32Array(1 << 12);
  // The pieces of word w are cached[ends[w - 1], ends[w]).
  let cached = new Int32Array(1 << 16);
  const ends = new Int32Array(cachedWords + 1);

  function learn(word: number): void {
    const text = Buffer.from(words.wordBytes(word)).toString();
    const result = subwords(options.lowerCase && !specialTokens.includes(text) ? lowerCase(text) : text);
    const begin = word === 0 ? 0 : ends[word - 1]!;
    if (begin + result.length > cached.length) cached = grown(cached, begin + result.length);
    cached.set(result, begin);
    ends[word] = begin + result.length;
  }

  /** The number of a word whose pieces are in the cache. */
  function wordOf(token: number, text: Uint8Array, begin: number, end: number): number {
    const seen = token < wordOfToken.length ? wordOfToken[token]! : 0;
    if (seen > 0) return seen - 1;
    if (words.size >= cachedWords) {
      words.clear();
      wordOfToken.fill(0);
    }
    const known = words.size;
    const word = words.numberOf(text, begin, end);
    if (words.size > known) learn(word);
    if (token < wordOfToken.length) wordOfToken[token] = word + 1;
    return word;
  }

  return {
    table,
    get pieces() {
      return pieces;
    },
    tokenize(bytes, begin, end) {
      const length = normalizer.normalize(bytes, begin, end);
      const text = normalizer.bytes;
      const wordCount = tagger.parse(text, 0, length);
      const { starts, ends: wordEnds, tokens } = tagger;
      let count = 0;
      for (let i = 0; i < wordCount; i++) {
        const word = wordOf(tokens[i]!, text, starts[i]!, wordEnds[i]!);
        const from = word === 0 ? 0 : ends[word - 1]!;
        const to = ends[word]!;
        if (count + to - from > pieces.length) pieces = grown(pieces, count + to - from);
        for (let at = from; at < to; at++) pieces[count++] = cached[at]!;
      }
      return count;
    },
  };
}

/** Tokens and ids of a text. */
export function tokenizeText(tokenizer: Tokenizer, text: string): { tokens: string[]; ids: number[] } {
  const bytes = Buffer.from(text);
  const count = tokenizer.tokenize(bytes, 0, bytes.length);
  const pieces = Array.from(tokenizer.pieces.subarray(0, count));
  const { tokens, ids } = tokenizer.table;
  return { tokens: pieces.map((piece) => tokens[piece]!), ids: pieces.map((piece) => ids[piece]!) };
}

/** Character by character before MeCab sees them; special tokens keep their capitals until then. */
function lowerCaseText(text: string): string {
  return text
    .split(specialToken)
    .map((part, i) => (i % 2 === 1 ? part : lowerCaseEach(part)))
    .join('');
}

function pieceTable(vocabulary: Vocabulary, options: TokenizerOptions): PieceTable {
  const unknown = vocabulary.positions.get('[UNK]');
  if (unknown === undefined) throw new TextError('the vocabulary has no [UNK]: is it a vocab.txt of BERT?');
  const idOf = (token: string): number => {
    const key = options.vocabHasNoSubwordPrefix && token.startsWith('##') ? token.slice(2) : token;
    return vocabulary.ids[vocabulary.positions.get(key) ?? unknown]!;
  };
  const behind = options.subword === 'character' ? vocabulary.tokens.map((token) => `##${token}`) : [];
  const tokens = [...vocabulary.tokens, ...behind];
  return { tokens, ids: Int32Array.from(tokens, idOf), unknown };
}

function grown(array: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * needed);
  larger.set(array);
  return larger;
}
