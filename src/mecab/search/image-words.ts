import type { SearchImage } from './image.ts';

/** A word as the search knows it; its ids are the image's. */
export interface ImageWord {
  readonly leftId: number;
  readonly rightId: number;
  readonly cost: number;
  readonly token: number;
}

/** The words of exactly this surface in all dictionaries of an image, without those that a twin is always preferred to. */
export function wordsOfSurface(image: SearchImage, surface: Uint8Array): ImageWord[] {
  const lexicons = new Uint32Array(image.memory.buffer, image.lexicons, 2 * image.lexiconCount);
  return Array.from({ length: image.lexiconCount }, (_, i) => wordsOfKey(image, lexicons[2 * i]!, surface)).flat();
}

/** The words of unknown surfaces that begin with a character of this category. */
export function wordsOfCategory(image: SearchImage, category: number): ImageWord[] {
  return wordsAt(image, new Uint32Array(image.memory.buffer, image.unknownWords)[category]!);
}

/** `characters` of char.bin: see `Characters`. */
export function characterEntries({ memory, characters }: SearchImage): Uint32Array {
  return new Uint32Array(memory.buffer, characters, 0x10000);
}

/** Whether `word` makes every path cheaper than `other` in its place does, whatever stands before and behind. */
export function isAlwaysCheaper(image: SearchImage, word: ImageWord, other: ImageWord): boolean {
  const { leftSize, rightSize } = image;
  const costs = new Int16Array(image.memory.buffer, image.matrix, leftSize * rightSize);
  let before = Number.NEGATIVE_INFINITY;
  for (let rightId = 0; rightId < leftSize; rightId++) {
    before = Math.max(before, costs[rightId + leftSize * word.leftId]! - costs[rightId + leftSize * other.leftId]!);
  }
  let behind = Number.NEGATIVE_INFINITY;
  for (let leftId = 0; leftId < rightSize; leftId++) {
    behind = Math.max(behind, costs[word.rightId + leftSize * leftId]! - costs[other.rightId + leftSize * leftId]!);
  }
  return before + word.cost - other.cost + behind < 0;
}

function wordsOfKey(image: SearchImage, trieAt: number, key: Uint8Array): ImageWord[] {
  const trie = new Int32Array(image.memory.buffer, trieAt);
  let state = trie[0]!;
  for (const byte of key) {
    const unit = 2 * ((state >>> 1) + byte + 1);
    if (trie[unit + 1] !== state >>> 1) return [];
    state = trie[unit]!;
  }
  return state & 1 ? wordsAt(image, trie[2 * (state >>> 1)]!) : [];
}

function wordsAt({ memory }: SearchImage, address: number): ImageWord[] {
  const [count = 0, firstToken = 0] = new Uint32Array(memory.buffer, address, 2);
  const words = new DataView(memory.buffer, address + 8, 8 * count);
  return Array.from({ length: count }, (_, i) => ({
    leftId: words.getUint16(8 * i, true),
    rightId: words.getUint16(8 * i + 2, true),
    cost: words.getInt16(8 * i + 4, true),
    token: firstToken + words.getUint16(8 * i + 6, true),
  }));
}
