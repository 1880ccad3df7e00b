import type { Plan } from '../graph/plan.ts';
import type { Cost } from '../stage/cost.ts';
import type { Key, Manifest } from '../store/result.ts';
import type { Store } from '../store/store.ts';

/** What the manifest of a result says it took; undefined if it never was built. */
export function costThen(store: Store, key: Key): Cost | undefined {
  const manifest = store.manifest(key);
  return manifest && costOfManifest(manifest);
}

function costOfManifest({ seconds, cpuSeconds, peakMemory, outputs }: Manifest): Cost {
  return {
    seconds,
    cpuSeconds: cpuSeconds ?? seconds,
    ...(peakMemory !== undefined && { memory: peakMemory }),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, { size, files }]) => [
        name,
        {
          bytes: size,
          below: (path: string) => {
            const bytes = files?.find((file) => file.path === path)?.size;
            return bytes === undefined ? undefined : { bytes };
          },
        },
      ]),
    ),
  };
}

/** The most results of a stage that are looked at. */
const enough = 25;

/** By stage: the earlier result that took the median of CPU time, whatever its inputs were. */
export function medianCosts(plan: Plan, store: Store): (stage: string) => Cost | undefined {
  const known = new Map<string, Cost | undefined>();
  return (stage) => {
    if (!known.has(stage)) known.set(stage, medianOf(earlierCosts(stage, plan, store)));
    return known.get(stage);
  };
}

function earlierCosts(stage: string, plan: Plan, store: Store): Cost[] {
  const costs: Cost[] = [];
  for (const instance of plan.instances) {
    if (costs.length >= enough) break;
    if (instance.stage !== stage) continue;
    const [newest] = store.history(instance.id);
    const cost = newest === undefined ? undefined : costThen(store, newest);
    if (cost) costs.push(cost);
  }
  return costs;
}

function medianOf(costs: Cost[]): Cost | undefined {
  return costs.sort((a, b) => a.cpuSeconds - b.cpuSeconds)[Math.floor(costs.length / 2)];
}
