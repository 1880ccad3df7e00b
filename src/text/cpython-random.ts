/**
 * CPython's `random.Random`: the Mersenne Twister MT19937 seeded by `init_by_array`, and the draws that
 * Lib/random.py makes from it, so that a seed gives the order that it gives there.
 */
import { kernel } from './mersenne-twister.ts';

export interface CPythonRandom {
  /** In [0, 1), 53 bits of two draws. */
  random(): number;
  /** Whether `random()` is below one half: what that takes of the generator, without the arithmetic. */
  isBelowHalf(): boolean;
  /** The upper `bits` of one draw, 1 to 32. */
  getrandbits(bits: number): number;
  /** In [0, stop), for 1 ≤ stop < 2^32. */
  randrange(stop: number): number;
  /** In [low, high], both ends included. */
  randint(low: number, high: number): number;
  /** In place. */
  shuffle<T>(items: { [index: number]: T; readonly length: number; slice(): ArrayLike<T> }): void;
  /** Where `shuffle` puts 0 … length − 1, for length < 2^29. Valid until the next call of this or of `shuffle`. */
  permutation(length: number): Uint32Array;
  /** Where the generator lies: for a kernel that draws from it too, see mersenne-twister.as.ts. */
  readonly memory: WebAssembly.Memory;
  /** The address of so many bytes for such a kernel. */
  reserve(bytes: number): number;
}

const words = 624;
// As mersenne-twister.as.ts lays out its memory.
const drawsAt = words;
const usedAt = 2 * words;
const freeAt = 1280;
const pageBytes = 65536;

let compiled: WebAssembly.Module | undefined;

/** The generator that `random.Random(seed)` makes of an integer. */
export function cpythonRandom(seed: number | bigint): CPythonRandom {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  compiled ??= new WebAssembly.Module(Buffer.from(kernel, 'base64'));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const { twist, permute } = exports as { readonly twist: () => number; readonly permute: Permute };
  let cells = new Uint32Array(memory.buffer);
  /** Of the items of a permutation, behind all that is reserved. */
  let itemsAt = freeAt;
  seedState(cells, keyOf(seed));
  cells[usedAt] = words;

  function draw(): number {
    if (cells[usedAt] === words) twist();
    const used = cells[usedAt]!;
    cells[usedAt] = used + 1;
    return cells[drawsAt + used]!;
  }

  function random(): number {
    const used = cells[usedAt]!;
    if (used > words - 2) return fraction(draw(), draw());
    cells[usedAt] = used + 2;
    return fraction(cells[drawsAt + used]!, cells[drawsAt + used + 1]!);
  }

  /** Rejects what is too large instead of taking a remainder: `_randbelow_with_getrandbits`. */
  function randrange(stop: number): number {
    const unused = Math.clz32(stop);
    let value = draw() >>> unused;
    while (value >= stop) value = draw() >>> unused;
    return value;
  }

  /** So many words behind what is reserved. */
  function makeRoom(words: number): void {
    const missing = 4 * (itemsAt + words - cells.length);
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / pageBytes));
    cells = new Uint32Array(memory.buffer);
  }

  function permutation(length: number): Uint32Array {
    makeRoom(length);
    permute(4 * itemsAt, length);
    return cells.subarray(itemsAt, itemsAt + length);
  }

  return {
    random,
    isBelowHalf() {
      const high = draw();
      draw();
      return high < 0x80000000;
    },
    getrandbits: (bits) => draw() >>> (32 - bits),
    randrange,
    randint: (low, high) => low + randrange(high - low + 1),
    permutation,
    memory,
    reserve(bytes) {
      const at = 4 * itemsAt;
      const words = Math.ceil(bytes / 4);
      makeRoom(words);
      itemsAt += words;
      return at;
    },
    shuffle(items) {
      const before = items.slice();
      const order = permutation(items.length);
      for (let i = 0; i < order.length; i++) items[i] = before[order[i]!]!;
    },
  };
}

type Permute = (itemsAt: number, length: number) => number;

const fraction = (high: number, low: number) => ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53;

/** The absolute value in words of 32 bits, least significant first. */
function keyOf(seed: number | bigint): Uint32Array {
  let rest = BigInt(seed);
  if (rest < 0n) rest = -rest;
  const key: number[] = [];
  do {
    key.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  return Uint32Array.from(key);
}

/** `init_by_array` of the reference implementation (Matsumoto and Nishimura, mt19937ar.c). */
function seedState(state: Uint32Array, key: Uint32Array): void {
  state[0] = 19650218;
  for (let i = 1; i < words; i++) state[i] = Math.imul(1812433253, mixed(state[i - 1]!)) + i;
  let i = 1;
  let j = 0;
  const advance = () => {
    i++;
    if (i === words) {
      state[0] = state[words - 1]!;
      i = 1;
    }
  };
  for (let k = Math.max(words, key.length); k > 0; k--) {
    state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1664525)) + key[j]! + j;
    advance();
    j = (j + 1) % key.length;
  }
  for (let k = words - 1; k > 0; k--) {
    state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1566083941)) - i;
    advance();
  }
  state[0] = 0x80000000;
}

const mixed = (word: number) => word ^ (word >>> 30);
