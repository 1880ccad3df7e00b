import type { Plan } from '../graph/plan.ts';
import { remainingPaths } from '../run/schedule/critical-path.ts';
import { type Amounts, createPools, requestOf } from '../run/schedule/pools.ts';
import { createReadyQueue } from '../run/schedule/ready-queue.ts';

/**
 * Seconds from start to end when instances start as the scheduler would start them: as soon as what they read is
 * there and the pools allow, those with the longest remaining path first. `secondsOf`: undefined for what does not run.
 */
export function expectedTime(plan: Plan, pools: Amounts, secondsOf: (index: number) => number | undefined): number {
  const priorities = remainingPaths(plan, (index) => secondsOf(index) ?? 0);
  const runs = plan.instances.filter(({ index }) => secondsOf(index) !== undefined);
  const readers = new Map<number, number[]>();
  const missing = new Map<number, number>();
  for (const { index, dependsOn } of runs) {
    const awaited = dependsOn.filter((on) => secondsOf(on) !== undefined);
    missing.set(index, awaited.length);
    for (const on of awaited) {
      const others = readers.get(on);
      if (others) others.push(index);
      else readers.set(on, [index]);
    }
  }
  const queue = createReadyQueue();
  const free = createPools(pools);
  const running: { readonly index: number; readonly end: number }[] = [];
  let now = 0;

  const enqueue = (index: number) =>
    queue.push({
      index,
      priority: priorities[index]!,
      request: within(requestOf(plan.instances[index]!), pools),
      start: () => insertByEnd(running, { index, end: now + secondsOf(index)! }),
    });
  for (const { index } of runs) if (missing.get(index) === 0) enqueue(index);
  for (;;) {
    for (let next = queue.pop(free); next; next = queue.pop(free)) {
      free.take(next.request);
      next.start();
    }
    const finished = running.shift();
    if (!finished) return now;
    now = finished.end;
    free.give(within(requestOf(plan.instances[finished.index]!), pools));
    for (const reader of readers.get(finished.index) ?? []) {
      missing.set(reader, missing.get(reader)! - 1);
      if (missing.get(reader) === 0) enqueue(reader);
    }
  }
}

/** What asks for more than a pool holds takes the whole of it: the plan tells that it could not start, and still what it would take. */
export function within(request: Amounts, pools: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(request).map(([pool, amount]) => [pool, Math.min(amount, pools[pool] ?? 0)]),
  );
}

function insertByEnd<T extends { readonly end: number }>(sorted: T[], added: T): void {
  let at = sorted.length;
  while (at > 0 && sorted[at - 1]!.end > added.end) at--;
  sorted.splice(at, 0, added);
}
