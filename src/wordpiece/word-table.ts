/** Words by their bytes: each gets the next number, from 0, when it is first seen. */
export interface WordTable {
  readonly size: number;
  /** The number of a word; a new one if `size` has grown. */
  numberOf(bytes: Uint8Array, begin: number, end: number): number;
  /** A view of a word's bytes. */
  wordBytes(word: number): Uint8Array;
  /** A copy of all words, to be handed to another thread. */
  packed(): PackedWords;
  clear(): void;
}

/** Word w is `text[offsets[w], offsets[w + 1])`. */
export interface PackedWords {
  readonly text: Uint8Array<ArrayBuffer>;
  readonly offsets: Uint32Array<ArrayBuffer>;
}

/** An open-addressing hash table over one buffer of all words' bytes: no string or object a word. */
export function createWordTable(): WordTable {
  let slots = new Int32Array(1 << 16).fill(-1);
  let hashes = new Int32Array(1 << 15);
  let offsets = new Uint32Array((1 << 15) + 1);
  let text = new Uint8Array(1 << 18);
  let size = 0;

  function isAt(word: number, bytes: Uint8Array, begin: number, end: number): boolean {
    let at = offsets[word]!;
    if (offsets[word + 1]! - at !== end - begin) return false;
    for (let i = begin; i < end; i++) if (text[at++] !== bytes[i]) return false;
    return true;
  }

  function add(bytes: Uint8Array, begin: number, end: number, hash: number): number {
    const at = offsets[size]!;
    const to = at + end - begin;
    if (to > text.length) text = grown(text, new Uint8Array(2 * to));
    for (let i = begin; i < end; i++) text[at + i - begin] = bytes[i]!;
    hashes[size] = hash;
    offsets[size + 1] = to;
    size++;
    if (size === hashes.length) {
      hashes = grown(hashes, new Int32Array(2 * size));
      offsets = grown(offsets, new Uint32Array(2 * size + 1));
      slots = spread(hashes, size, 4 * size);
    }
    return size - 1;
  }

  return {
    get size() {
      return size;
    },
    numberOf(bytes, begin, end) {
      const hash = hashOf(bytes, begin, end);
      const mask = slots.length - 1;
      let slot = hash & mask;
      for (;;) {
        const word = slots[slot]!;
        if (word < 0) break;
        if (hashes[word] === hash && isAt(word, bytes, begin, end)) return word;
        slot = (slot + 1) & mask;
      }
      slots[slot] = size;
      return add(bytes, begin, end, hash);
    },
    wordBytes: (word) => text.subarray(offsets[word], offsets[word + 1]),
    packed: () => ({ text: text.slice(0, offsets[size]), offsets: offsets.slice(0, size + 1) }),
    clear() {
      slots.fill(-1);
      size = 0;
    },
  };
}

/** FNV-1a with a last mix, so that the low bits depend on all bytes. */
function hashOf(bytes: Uint8Array, begin: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = begin; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function spread(hashes: Int32Array, size: number, slotCount: number): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(slotCount).fill(-1);
  for (let word = 0; word < size; word++) {
    let slot = hashes[word]! & (slotCount - 1);
    while (slots[slot]! >= 0) slot = (slot + 1) & (slotCount - 1);
    slots[slot] = word;
  }
  return slots;
}

function grown<A extends Int32Array | Uint32Array | Uint8Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
