import type { RunContext } from './context.ts';

export interface Temporaries {
  /** A result is there: what it alone still had to read may go. */
  finished(index: number): void;
  /** At the end: what was kept for publishing, and what earlier runs left. */
  removeRest(): Promise<void>;
}

/** Removes the payload of `temp` results as soon as all that read them are done. */
export function trackTemporaries({ view }: RunContext, needed: Uint8Array): Temporaries {
  const { plan, store } = view;
  const readers = new Map<number, number[]>();
  for (const { index, temp } of plan.instances) if (temp && needed[index]) readers.set(index, []);
  if (readers.size > 0) {
    for (const { index, dependsOn } of plan.instances) for (const on of dependsOn) readers.get(on)?.push(index);
  }
  const published = new Set(plan.publish.map(({ source }) => source.instance));
  const removals: Promise<void>[] = [];

  const isRead = (index: number): boolean => {
    const all = readers.get(index)!;
    return all.length > 0 && all.every((reader) => view.resultOf(reader) !== undefined);
  };
  const remove = (index: number): void => {
    const result = view.resultOf(index);
    if (result?.payload !== 'present' || !isRead(index)) return;
    // An equal instance that is not temporary keeps the payload that they share.
    const shared = plan.instances.some(
      (other) => !(other.temp && isRead(other.index)) && view.resultOf(other.index)?.key === result.key,
    );
    if (!shared) removals.push(store.removePayload(result.key));
  };
  return {
    finished(index) {
      for (const on of plan.instances[index]!.dependsOn) if (readers.has(on) && !published.has(on)) remove(on);
    },
    async removeRest() {
      for (const index of readers.keys()) remove(index);
      await Promise.all(removals);
    },
  };
}
