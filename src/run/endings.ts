import type { Key } from '../store/result.ts';
import { sizeOf } from '../store/size-of.ts';
import type { RunContext } from './context.ts';
import type { InstanceFinished } from './events.ts';
import type { Finish } from './schedule/outcome.ts';

export type Counts = Record<InstanceFinished['state'], number>;

export interface Endings {
  readonly counts: Counts;
  cached(indexes: readonly number[]): void;
  finished(index: number, outcome: Finish): void;
  allWell(): boolean;
}

/** Reports how each instance ended, counts them, and notes the keys that the run used. */
export function recordEndings({ view, folder, events }: RunContext): Endings {
  const states = new Map<number, InstanceFinished['state']>();
  const counts: Counts = { built: 0, shared: 0, cached: 0, failed: 0, cancelled: 0, skipped: 0 };
  const count = (index: number, state: InstanceFinished['state']) => {
    // A retried or rebuilt instance ends more than once; the last time counts.
    const before = states.get(index);
    if (before) counts[before]--;
    states.set(index, state);
    counts[state]++;
  };
  return {
    counts,
    cached(indexes) {
      const instances = indexes.map((index) => view.plan.instances[index]!.id);
      const keys: Key[] = indexes.map((index) => view.resultOf(index)!.key);
      for (const index of indexes) count(index, 'cached');
      folder.noteKeys(instances.map((instance, at) => [instance, keys[at]!]));
      events.emit({ type: 'instances-cached', instances, keys });
    },
    finished(index, outcome) {
      const instance = view.plan.instances[index]!.id;
      count(index, outcome.state);
      if ('result' in outcome) folder.noteKeys([[instance, outcome.result.key]]);
      events.emit({ type: 'instance-finished', instance, ...facts(outcome, (at) => view.plan.instances[at]!.id) });
    },
    allWell: () => counts.failed + counts.cancelled + counts.skipped === 0,
  };
}

function facts(outcome: Finish, idOf: (index: number) => string): Omit<InstanceFinished, 'type' | 'instance'> {
  switch (outcome.state) {
    case 'built':
    case 'shared': {
      const { state, result, from, irreproducible } = outcome;
      const size = sizeOf(result);
      return { state, key: result.key, size, ...(from && { from }), ...(irreproducible && { irreproducible }) };
    }
    case 'skipped':
      return { state: 'skipped', because: idOf(outcome.because) };
    default:
      return { state: outcome.state, ...('failure' in outcome && { failure: outcome.failure }) };
  }
}
