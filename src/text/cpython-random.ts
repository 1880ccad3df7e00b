/**
 * CPython's `random.Random`: the Mersenne Twister MT19937 seeded by `init_by_array`, and the draws that
 * Lib/random.py makes from it, so that a seed gives the order that it gives there.
 */

const words = 624;
const shift = 397;

export interface CPythonRandom {
  /** In [0, 1), 53 bits of two draws. */
  random(): number;
  /** The upper `bits` of one draw, 1 to 32. */
  getrandbits(bits: number): number;
  /** In [0, stop), for 1 ≤ stop < 2^32. */
  randrange(stop: number): number;
  /** In [low, high], both ends included. */
  randint(low: number, high: number): number;
  /** In place, the first `length` items or all. */
  shuffle(items: { [index: number]: unknown; readonly length: number }, length?: number): void;
}

/** The generator that `random.Random(seed)` makes of an integer. */
export function cpythonRandom(seed: number | bigint): CPythonRandom {
  const state = seededState(keyOf(seed));
  const draws = new Uint32Array(words);
  let used = words;

  function refill(): void {
    twist(state, draws);
    used = 0;
  }

  function draw(): number {
    if (used === words) refill();
    return draws[used++]!;
  }

  /** Rejects what is too large instead of taking a remainder: `_randbelow_with_getrandbits`. */
  function randrange(stop: number): number {
    const unused = Math.clz32(stop);
    let value = draw() >>> unused;
    while (value >= stop) value = draw() >>> unused;
    return value;
  }

  return {
    random: () => ((draw() >>> 5) * 2 ** 26 + (draw() >>> 6)) / 2 ** 53,
    getrandbits: (bits) => draw() >>> (32 - bits),
    randrange,
    randint: (low, high) => low + randrange(high - low + 1),
    shuffle(items, length = items.length) {
      // Half of the draws are rejected just above a power of two, which no branch predictor foresees: a rejected
      // draw swaps item i with itself and leaves i where it is.
      for (let i = length - 1; i > 0; ) {
        if (used === words) refill();
        const ahead = (draws[used++]! >>> Math.clz32(i + 1)) - i;
        const rejected = -ahead >> 31;
        const j = i + (ahead & ~rejected);
        const item = items[i];
        items[i] = items[j];
        items[j] = item;
        i -= 1 + rejected;
      }
    },
  };
}

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
function seededState(key: Uint32Array): Uint32Array {
  const state = new Uint32Array(words);
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
  return state;
}

const mixed = (word: number) => word ^ (word >>> 30);

/** The next 624 words of state, and the draws tempered from them. */
function twist(state: Uint32Array, draws: Uint32Array): void {
  const last = words - 1;
  let k = 0;
  for (; k < words - shift; k++) state[k] = state[k + shift]! ^ twisted(state[k]!, state[k + 1]!);
  for (; k < last; k++) state[k] = state[k + shift - words]! ^ twisted(state[k]!, state[k + 1]!);
  state[last] = state[shift - 1]! ^ twisted(state[last]!, state[0]!);
  for (k = 0; k < words; k++) draws[k] = tempered(state[k]!);
}

function twisted(upper: number, lower: number): number {
  return (((upper & 0x80000000) | (lower & 0x7fffffff)) >>> 1) ^ (-(lower & 1) & 0x9908b0df);
}

function tempered(word: number): number {
  let y = word ^ (word >>> 11);
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}
