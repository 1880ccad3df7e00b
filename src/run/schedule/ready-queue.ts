import type { Amounts, Pools } from './pools.ts';

export interface Ready {
  readonly index: number;
  readonly priority: number;
  readonly request: Amounts;
  start(): void;
}

export interface ReadyQueue {
  push(ready: Ready): void;
  /** Takes out the most urgent one that may start now. */
  pop(pools: Pools): Ready | undefined;
  remove(index: number): Ready | undefined;
  clear(): void;
}

/**
 * What may run, the most urgent first; of equals the plan's order. Instances that ask for the same amounts wait in one line, so only
 * the head of each line is looked at. A pool that a more urgent instance waits for is not given to a less urgent one,
 * or small ones could keep a large one waiting for ever.
 */
export function createReadyQueue(): ReadyQueue {
  const lines = new Map<string, { readonly request: Amounts; readonly heap: Ready[] }>();
  return {
    push(ready) {
      const name = JSON.stringify(ready.request);
      const line = lines.get(name) ?? { request: ready.request, heap: [] };
      lines.set(name, line);
      insert(line.heap, ready);
    },
    pop(pools) {
      const contested = new Set<string>();
      const heads = [...lines.values()].filter(({ heap }) => heap.length > 0);
      heads.sort((a, b) => compare(a.heap[0]!, b.heap[0]!));
      for (const { request, heap } of heads) {
        if (Object.keys(request).some((pool) => contested.has(pool))) continue;
        const lacking = pools.lacking(request);
        if (lacking.length === 0) return removeAt(heap, 0);
        for (const pool of lacking) contested.add(pool);
      }
      return undefined;
    },
    remove(index) {
      for (const { heap } of lines.values()) {
        const at = heap.findIndex((ready) => ready.index === index);
        if (at >= 0) return removeAt(heap, at);
      }
      return undefined;
    },
    clear: () => lines.clear(),
  };
}

function compare(a: Ready, b: Ready): number {
  return b.priority - a.priority || a.index - b.index;
}

function insert(heap: Ready[], ready: Ready): void {
  heap.push(ready);
  rise(heap, heap.length - 1);
}

function removeAt(heap: Ready[], at: number): Ready {
  const removed = heap[at]!;
  const last = heap.pop()!;
  if (at < heap.length) {
    heap[at] = last;
    rise(heap, at);
    sink(heap, at);
  }
  return removed;
}

function rise(heap: Ready[], from: number): void {
  let at = from;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (compare(heap[at]!, heap[parent]!) >= 0) return;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function sink(heap: Ready[], from: number): void {
  let at = from;
  for (;;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && compare(heap[child]!, heap[least]!) < 0) least = child;
    }
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}
