import type { Characters } from '../format/characters.ts';
import { type Connections, HEADER_BYTES } from '../format/connections.ts';
import { type Lexicon, type TokenRange, tokenRange } from '../format/lexicon.ts';
import { type IdOrder, orderIds } from './id-order.ts';
import { reorderCosts } from './reorder-costs.ts';

/** A dictionary in the form that the search reads, in memory that worker threads share. Addresses are byte offsets. */
export interface SearchImage {
  readonly memory: WebAssembly.Memory;
  readonly characters: number;
  readonly matrix: number;
  readonly leftSize: number;
  readonly rightSize: number;
  /** Pairs of addresses, system dictionary, then the user's: the trie, and its states after a character of three bytes. */
  readonly lexicons: number;
  readonly lexiconCount: number;
  /** Of each category of characters: the address of its words. */
  readonly unknownWords: number;
  /** BOS and EOS in the new numbering of ids. */
  readonly leftIdOfEnd: number;
  readonly rightIdOfBegin: number;
}

interface Parts {
  readonly lexicons: readonly Lexicon[];
  readonly unknown: Lexicon;
  readonly unknownTokens: readonly TokenRange[];
  readonly characters: Characters;
  /** Its costs lie in `memory`, as `roomForMatrix` has it. */
  readonly connections: Connections;
  readonly memory: WebAssembly.Memory;
}

const PAGE = 65536;
const PAGES = 65536;
const THREE_BYTE_CHARACTERS = 65536;
/** The first bytes stay unused: address 0 means none. */
const START = 1024;

/** The memory that an image will be made in, and the place of matrix.bin there: of all that is large it is copied nowhere. */
export function roomForMatrix(fileBytes: number): { readonly memory: WebAssembly.Memory; readonly file: Uint8Array } {
  const at = START - HEADER_BYTES;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((at + fileBytes) / PAGE), maximum: PAGES, shared: true });
  return { memory, file: new Uint8Array(memory.buffer, at, fileBytes) };
}

/** Makes the rest of the image around the costs, and reorders those. */
export function buildImage({ lexicons, unknown, unknownTokens, characters, connections, memory }: Parts): SearchImage {
  const order = orderIds(lexicons[0]!, unknown, connections);
  const { costs, leftSize, rightSize } = connections;
  const layout = planLayout(START);
  const matrixAt = layout.reserve(costs.byteLength);
  const charactersAt = layout.reserve(characters.entries.byteLength);
  const lexiconsAt = layout.reserve(8 * lexicons.length);
  const unknownAt = layout.reserve(4 * unknownTokens.length);
  const triesAt = lexicons.map(({ trie }) => layout.reserve(trie.byteLength));
  const shortcutsAt = lexicons.map(() => layout.reserve(4 * THREE_BYTE_CHARACTERS));
  const wordsAt = layout.reserve(lexicons.reduce((bytes, lexicon) => bytes + wordBytes(lexicon), wordBytes(unknown)));
  memory.grow(Math.max(0, Math.ceil((layout.end() - memory.buffer.byteLength) / PAGE)));
  const { buffer } = memory;

  new Uint32Array(buffer, charactersAt).set(characters.entries);
  reorderCosts(connections, order);
  new Uint32Array(buffer, lexiconsAt).set(triesAt.flatMap((at, i) => [at, shortcutsAt[i]!]));
  const words = wordWriter(new Uint32Array(buffer), wordsAt, order);
  let firstToken = 0;
  for (const [i, lexicon] of lexicons.entries()) {
    const trie = new Int32Array(buffer, triesAt[i], lexicon.trie.length);
    writeTrie(lexicon, trie, (range) => words(lexicon, range, firstToken));
    writeShortcuts(trie, new Int32Array(buffer, shortcutsAt[i]!, THREE_BYTE_CHARACTERS));
    firstToken += lexicon.tokens.length / 8;
  }
  new Uint32Array(buffer, unknownAt).set(unknownTokens.map((range) => words(unknown, range, firstToken)));
  return {
    memory,
    characters: charactersAt,
    matrix: matrixAt,
    leftSize,
    rightSize,
    lexicons: lexiconsAt,
    lexiconCount: lexicons.length,
    unknownWords: unknownAt,
    leftIdOfEnd: order.left[0]!,
    rightIdOfBegin: order.right[0]!,
  };
}

function planLayout(start: number): { reserve(bytes: number): number; end(): number } {
  let end = start;
  return {
    reserve(bytes) {
      const at = end;
      end = Math.ceil((at + bytes) / 64) * 64;
      return at;
    },
    end: () => end,
  };
}

/** At most: eight bytes for each token, and eight before each surface's. */
function wordBytes({ tokens, trie }: Lexicon): number {
  let surfaces = 0;
  for (let at = 0; at < trie.length; at += 2) if (trie[at]! < 0) surfaces++;
  return tokens.length + 8 * surfaces;
}

/** Copies a trie, each base doubled with its lowest bit set where a surface ends, and leaves made addresses of words. */
function writeTrie({ trie }: Lexicon, to: Int32Array, wordsOf: (range: TokenRange) => number): void {
  for (let unit = 0; unit < trie.length; unit += 2) {
    const base = trie[unit]!;
    to[unit + 1] = trie[unit + 1]!;
    if (base < 0) {
      to[unit] = wordsOf(tokenRange(base));
    } else {
      const isSurface = trie[2 * base + 1] === base && trie[2 * base]! < 0;
      to[unit] = base * 2 + (isSurface ? 1 : 0);
    }
  }
}

/** Fills in the trie's state after each three bytes that UTF-8 may begin with; 0 where no surface begins so. */
function writeShortcuts(trie: Int32Array, to: Int32Array): void {
  const step = (state: number, byte: number): number => {
    const base = state >>> 1;
    const unit = 2 * (base + byte + 1);
    return state !== 0 && trie[unit + 1] === base ? trie[unit]! : 0;
  };
  for (let lead = 0; lead < 16; lead++) {
    const one = step(trie[0]!, 0xe0 | lead);
    for (let second = 0; second < 64; second++) {
      const two = step(one, 0x80 | second);
      const at = (lead << 12) | (second << 6);
      for (let third = 0; third < 64; third++) to[at | third] = step(two, 0x80 | third);
    }
  }
}

/**
 * Writes words: their count and first token, then left id, right id, cost and token less the first, of 16 bits each.
 * Of words of one surface with the same ids only the cheapest can be on a best path; of equals MeCab takes the first.
 */
function wordWriter(to: Uint32Array, start: number, { left, right }: IdOrder) {
  let at = start / 4;
  return ({ tokens }: Lexicon, { first, count }: TokenRange, firstToken: number): number => {
    const header = at;
    at += 2;
    for (let i = 0; i < count; i++) {
      const token = (first + i) * 8;
      const ids = left[tokens[token]!]! | (right[tokens[token + 1]!]! << 16);
      const cost = tokens[token + 3]!;
      let twin = header + 2;
      while (twin < at && to[twin] !== ids >>> 0) twin += 2;
      if (twin < at) {
        if ((cost << 16) >> 16 >= (to[twin + 1]! << 16) >> 16) continue;
        to.copyWithin(twin, twin + 2, at);
        at -= 2;
      }
      to[at++] = ids;
      to[at++] = cost | (i << 16);
    }
    to[header] = (at - header - 2) / 2;
    to[header + 1] = firstToken + first;
    return header * 4;
  };
}
