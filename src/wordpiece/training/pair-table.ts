/** Pairs of symbols, numbered as they are first seen, and how often each occurs. */
export interface PairTable {
  readonly size: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly counts: Float64Array;
  /** The number of a pair; a new one, counted 0 times, if `size` has grown. The arrays are replaced when they grow. */
  numberOf(left: number, right: number): number;
}

/** An open-addressing hash table. */
export function createPairTable(): PairTable {
  let capacity = 1 << 16;
  let left = new Int32Array(capacity);
  let right = new Int32Array(capacity);
  let counts = new Float64Array(capacity);
  let slots = new Int32Array(4 * capacity).fill(-1);
  let size = 0;

  function slotOf(a: number, b: number): number {
    const mask = slots.length - 1;
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    for (let pair = slots[slot]!; pair >= 0; pair = slots[slot]!) {
      if (left[pair] === a && right[pair] === b) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  function grow(): void {
    capacity *= 2;
    left = extended(left, new Int32Array(capacity));
    right = extended(right, new Int32Array(capacity));
    counts = extended(counts, new Float64Array(capacity));
    slots = new Int32Array(4 * capacity).fill(-1);
    for (let pair = 0; pair < size; pair++) slots[slotOf(left[pair]!, right[pair]!)] = pair;
  }

  return {
    get size() {
      return size;
    },
    get left() {
      return left;
    },
    get right() {
      return right;
    },
    get counts() {
      return counts;
    },
    numberOf(a, b) {
      const slot = slotOf(a, b);
      if (slots[slot]! >= 0) return slots[slot]!;
      const pair = size++;
      left[pair] = a;
      right[pair] = b;
      slots[slot] = pair;
      if (size === capacity) grow();
      return pair;
    },
  };
}

function extended<A extends Int32Array | Float64Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
