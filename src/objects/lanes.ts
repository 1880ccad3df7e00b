/** Runs actions, at most so many at a time, in the order in which they came. */
export type Lanes = <T>(action: () => Promise<T>) => Promise<T>;

export function openLanes(limit: number): Lanes {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (action) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await action();
    } finally {
      // Whoever waits takes this place over, so that nobody can slip in between.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

/** Does something with each item, at most so many at a time; rejects at the first failure, while what is under way goes on. */
export async function eachInLanes<T>(
  limit: number,
  items: readonly T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  const lanes = openLanes(limit);
  await Promise.all(items.map((item) => lanes(() => action(item))));
}
