// MT19937 and the shuffle of CPython's random.Random in AssemblyScript: `npm run build:kernels` compiles it into
// mersenne-twister.ts. Its memory is laid out for cpython-random.ts, in words of 32 bits: the state, the draws made from
// it, and how many of those are used. Other kernels that draw from the same generator import this one and share its memory.

const WORDS: usize = 624;
const SHIFT: usize = 397;
const STATE: usize = 0;
const DRAWS: usize = 4 * WORDS;
const USED: usize = 8 * WORDS;

/** The next 624 words of state, four at a time, and the draws tempered from them. */
export function twist(): void {
  let k: usize = 0;
  for (; k < 224; k += 4) advanceFour(k, k + SHIFT);
  for (; k < WORDS - SHIFT; k++) advance(k, k + 1, k + SHIFT);
  for (; k < WORDS - 4; k += 4) advanceFour(k, k + SHIFT - WORDS);
  for (; k < WORDS - 1; k++) advance(k, k + 1, k + SHIFT - WORDS);
  advance(WORDS - 1, 0, SHIFT - 1);
  for (k = 0; k < WORDS; k += 4) v128.store(DRAWS + 4 * k, tempered(v128.load(STATE + 4 * k)));
  store<u32>(USED, 0);
}

// @ts-ignore: decorator
@inline
function advanceFour(k: usize, from: usize): void {
  const next = v128.load(STATE + 4 * k, 4);
  const y = v128.bitselect(v128.load(STATE + 4 * k), next, i32x4.splat(0x80000000));
  const odd = i32x4.neg(v128.and(next, i32x4.splat(1)));
  const twisted = v128.xor(i32x4.shr_u(y, 1), v128.and(odd, i32x4.splat(0x9908b0df)));
  v128.store(STATE + 4 * k, v128.xor(v128.load(STATE + 4 * from), twisted));
}

// @ts-ignore: decorator
@inline
function advance(k: usize, next: usize, from: usize): void {
  const lower = load<u32>(STATE + 4 * next);
  const y = (load<u32>(STATE + 4 * k) & 0x80000000) | (lower & 0x7fffffff);
  const twisted = (y >> 1) ^ ((0 - (lower & 1)) & 0x9908b0df);
  store<u32>(STATE + 4 * k, load<u32>(STATE + 4 * from) ^ twisted);
}

// @ts-ignore: decorator
@inline
function tempered(state: v128): v128 {
  let y = v128.xor(state, i32x4.shr_u(state, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}

/** The next 32 bits. */
export function draw(): u32 {
  let used = load<u32>(USED);
  if (used == WORDS) {
    twist();
    used = 0;
  }
  store<u32>(USED, used + 1);
  return load<u32>(DRAWS + 4 * <usize>used);
}

/** In [0, 1), 53 bits of two draws. */
export function random(): f64 {
  const high = draw() >> 5;
  const low = draw() >> 6;
  return (<f64>high * 67108864 + <f64>low) * (1.0 / 9007199254740992);
}

/** In [0, stop): what is too large is rejected, as `_randbelow_with_getrandbits` does. */
export function randrange(stop: u32): u32 {
  const unused = clz(stop);
  let value = draw() >> unused;
  while (value >= stop) value = draw() >> unused;
  return value;
}

/**
 * Writes the items 0 … length − 1 shuffled, 32 bits each. Just above a power of two half of the draws are rejected, which no branch predictor
 * foresees: a rejected draw swaps item i with itself and leaves i where it is.
 */
export function permute(items: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<i32>(items + 4 * <usize>i, i);
  let used = load<u32>(USED);
  for (let i = length - 1; i > 0; ) {
    if (used == WORDS) {
      twist();
      used = 0;
    }
    const ahead = <i32>(load<u32>(DRAWS + 4 * <usize>used) >> clz(i + 1)) - i;
    used++;
    const rejected = -ahead >> 31;
    const here = items + 4 * <usize>i;
    const there = here + (<usize>(ahead & ~rejected) << 2);
    const item = load<i32>(here);
    store<i32>(here, load<i32>(there));
    store<i32>(there, item);
    i -= 1 + rejected;
  }
  store<u32>(USED, used);
}
