import { DictionaryError } from './dictionary-error.ts';
import { readSharedFile } from './shared-file.ts';

/** `sys.dic`, `unk.dic` or a user dictionary: a trie from surfaces to tokens, and the tokens' features. */
export interface Lexicon {
  readonly file: string;
  /** Darts double array: units of (base, check); a leaf's base is −1 − (first token × 256 + number of tokens). */
  readonly trie: Int32Array;
  /** Records of 16 bytes: left id, right id, part of speech, cost (signed), then the feature's offset in 32 bits. */
  readonly tokens: Uint16Array;
  /** Strings, each ended by a zero byte; undefined if they were left unread. */
  readonly features: Uint8Array | undefined;
  /** Number of right ids (of left nodes) and left ids (of right nodes) in the matrix it was compiled with. */
  readonly leftSize: number;
  readonly rightSize: number;
}

type WholeLexicon = Lexicon & { readonly features: Uint8Array };

export type LexiconKind = 'system' | 'user' | 'unknown';

const MAGIC = 0xef718f77;
const VERSION = 102;
const HEADER_BYTES = 72;
const TOKEN_BYTES = 16;
const KINDS: readonly LexiconKind[] = ['system', 'user', 'unknown'];

const remedies: Readonly<Record<LexiconKind, string>> = {
  system: '',
  unknown: '',
  user: '; compile it with mecab-dict-index -u, or take it out of this directory',
};

/** Reads a file as `readLexicon` reads its bytes; without features, which are most of it, those stay on the disk. */
export async function readLexiconFile(file: string, kind: LexiconKind, hasFeatures = true): Promise<Lexicon> {
  if (hasFeatures) return readLexicon(file, await readSharedFile(file), kind);
  const buffer = await readSharedFile(file, { headBytes: HEADER_BYTES, end: endOfTokens });
  return { ...readLexicon(file, buffer, kind), features: undefined };
}

function endOfTokens(buffer: SharedArrayBuffer): number {
  if (buffer.byteLength < HEADER_BYTES) return buffer.byteLength;
  const [, , , , , , trieBytes, tokenBytes] = headerOf(buffer);
  return HEADER_BYTES + trieBytes + tokenBytes;
}

const headerOf = (buffer: SharedArrayBuffer) => Array.from(new Uint32Array(buffer, 0, 9)) as Header;

/** Reads a binary dictionary in place. Throws DictionaryError unless every offset in it stays inside the file. */
export function readLexicon(file: string, buffer: SharedArrayBuffer, kind: LexiconKind): WholeLexicon {
  const refuse = (reason: string): never => {
    throw new DictionaryError(file, reason);
  };
  if (buffer.byteLength < HEADER_BYTES) refuse(`no MeCab dictionary: only ${buffer.byteLength} bytes`);
  const [magic, version, type, , leftSize, rightSize, trieBytes, tokenBytes, featureBytes] = headerOf(buffer);
  if ((magic ^ MAGIC) >>> 0 !== buffer.byteLength) refuse('no MeCab dictionary, or truncated: size and magic disagree');
  if (version !== VERSION) refuse(`dictionary version ${version}; only ${VERSION} is known`);
  if (KINDS[type] !== kind) refuse(`not a ${kind} dictionary (it is of type ${KINDS[type] ?? type})${remedies[kind]}`);
  if (HEADER_BYTES + trieBytes + tokenBytes + featureBytes !== buffer.byteLength) refuse('its sections do not fill it');
  if (trieBytes === 0 || trieBytes % 8 || tokenBytes % TOKEN_BYTES) refuse('a section has a broken size');
  const charset = textUntilZero(new Uint8Array(buffer, 40, 32));
  if (!/^utf[-_]?8$/i.test(charset)) refuse(`its charset is ${charset || 'unnamed'}; compile it with -t utf-8`);
  const lexicon = {
    file,
    trie: new Int32Array(buffer, HEADER_BYTES, trieBytes / 4),
    tokens: new Uint16Array(buffer, HEADER_BYTES + trieBytes, tokenBytes / 2),
    features: new Uint8Array(buffer, HEADER_BYTES + trieBytes + tokenBytes, featureBytes),
    leftSize,
    rightSize,
  };
  const flaw = trieFlaw(lexicon) ?? tokenFlaw(lexicon);
  return flaw === undefined ? lexicon : refuse(flaw);
}

type Header = [number, number, number, number, number, number, number, number, number];

/** Tokens of one surface: they follow each other. */
export interface TokenRange {
  readonly first: number;
  readonly count: number;
}

/** The tokens of exactly this key, or undefined. */
export function tokensOfKey(lexicon: Lexicon, key: Uint8Array): TokenRange | undefined {
  return tokensOfPrefixes(lexicon, key, 0).find(({ end }) => end === key.length);
}

/** The tokens of each surface that the bytes have at `begin`, shortest first. */
export function tokensOfPrefixes(
  { trie }: Lexicon,
  bytes: Uint8Array,
  begin: number,
): (TokenRange & { end: number })[] {
  const found: (TokenRange & { end: number })[] = [];
  let base = trie[0]!;
  for (let end = begin; ; end++) {
    const leaf = trie[2 * base]!;
    if (leaf < 0 && trie[2 * base + 1] === base) found.push({ ...tokenRange(leaf), end });
    if (end === bytes.length) return found;
    const unit = base + bytes[end]! + 1;
    if (trie[2 * unit + 1] !== base) return found;
    base = trie[2 * unit]!;
  }
}

/** What a leaf's base says. */
export function tokenRange(leaf: number): TokenRange {
  return { first: (-leaf - 1) >>> 8, count: (-leaf - 1) & 0xff };
}

/** The feature strings. Throws RangeError if they were left unread. */
export function featuresOf({ file, features }: Lexicon): Uint8Array {
  if (features === undefined) throw new RangeError(`${file} was read without its features`);
  return features;
}

/** The feature string of a token. Throws RangeError if features were left unread. */
export function featureOf(lexicon: Lexicon, token: number): string {
  const { tokens } = lexicon;
  const start = tokens[token * 8 + 4]! | (tokens[token * 8 + 5]! << 16);
  return textUntilZero(featuresOf(lexicon).subarray(start));
}

export function textUntilZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** Every step from every unit must stay inside the array, every leaf inside the tokens: the search does not look. */
function trieFlaw({ trie, tokens }: Lexicon): string | undefined {
  const lastBase = trie.length / 2 - 257;
  const root = trie[0]!;
  if (root < 0) return 'its trie has no root';
  let named = 0;
  for (let unit = 0; unit < trie.length / 2; unit++) {
    const base = trie[2 * unit]!;
    if (base > lastBase) return `unit ${unit} of its trie points outside`;
    if (base >= 0) continue;
    if (trie[2 * unit + 1] !== unit) return `unit ${unit} of its trie is a misplaced leaf`;
    if (unit === root) return 'it has a word without characters';
    const { first, count } = tokenRange(base);
    if (count === 0) return `unit ${unit} of its trie is a word without tokens`;
    if (first + count > tokens.length / 8) return `unit ${unit} of its trie names tokens that do not exist`;
    named += count;
  }
  return named > tokens.length / 8 ? 'its words share tokens' : undefined;
}

function tokenFlaw({ tokens, features, leftSize, rightSize }: WholeLexicon): string | undefined {
  if (features.length > 0 && features[features.length - 1] !== 0) return 'its last feature has no end';
  for (let at = 0; at < tokens.length; at += 8) {
    if (tokens[at]! >= rightSize || tokens[at + 1]! >= leftSize)
      return `token ${at / 8} has a connection id out of range`;
    const feature = (tokens[at + 4]! | (tokens[at + 5]! << 16)) >>> 0;
    if (feature >= features.length) return `token ${at / 8} has a feature outside the file`;
  }
  return undefined;
}
