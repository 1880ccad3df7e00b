import type { PairTable } from './pair-table.ts';

/** Pairs that wait to be merged in some of the words: the most frequent first, then the lower ids, then the older entry. */
export interface MergeQueue {
  readonly size: number;
  /** Adds an entry for `pair`, as often as it counts now; its words are `words[begin, end)` of the caller's. */
  push(pair: number, begin: number, end: number): void;
  /** The first entry whose count is still that of its pair; others are put where their count belongs. */
  pop(): MergeEntry | undefined;
}

export interface MergeEntry {
  readonly pair: number;
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

/** A binary heap of numbers of entries. */
export function createMergeQueue(pairs: PairTable): MergeQueue {
  const entryPair: number[] = [];
  const entryCount: number[] = [];
  const entryBegin: number[] = [];
  const entryEnd: number[] = [];
  const heap: number[] = [];

  function isBefore(a: number, b: number): boolean {
    if (entryCount[a] !== entryCount[b]) return entryCount[a]! > entryCount[b]!;
    const pairA = entryPair[a]!;
    const pairB = entryPair[b]!;
    if (pairA === pairB) return a < b;
    if (pairs.left[pairA] !== pairs.left[pairB]) return pairs.left[pairA]! < pairs.left[pairB]!;
    return pairs.right[pairA]! < pairs.right[pairB]!;
  }

  function rise(entry: number, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  function sink(entry: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }

  return {
    get size() {
      return heap.length;
    },
    push(pair, begin, end) {
      const entry = entryPair.push(pair) - 1;
      entryCount.push(pairs.counts[pair]!);
      entryBegin.push(begin);
      entryEnd.push(end);
      heap.push(entry);
      rise(entry, heap.length - 1);
    },
    pop() {
      while (heap.length > 0) {
        const entry = heap[0]!;
        const pair = entryPair[entry]!;
        const count = pairs.counts[pair]!;
        if (entryCount[entry] !== count) {
          entryCount[entry] = count;
          sink(entry);
          continue;
        }
        const last = heap.pop()!;
        if (heap.length > 0) sink(last);
        return { pair, count, begin: entryBegin[entry]!, end: entryEnd[entry]! };
      }
      return undefined;
    },
  };
}
