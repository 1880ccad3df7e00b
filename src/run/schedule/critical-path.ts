import type { Plan } from '../../graph/plan.ts';
import type { Store } from '../../store/store.ts';

/** Length of the longest path from each instance to the end, itself included, in seconds where `seconds` knows them. */
export function remainingPaths(plan: Plan, seconds: (index: number) => number): Float64Array {
  const longest = new Float64Array(plan.instances.length);
  for (let index = plan.instances.length - 1; index >= 0; index--) {
    const length = longest[index]! + seconds(index);
    longest[index] = length;
    for (const dependency of plan.instances[index]!.dependsOn) {
      if (longest[dependency]! < length) longest[dependency] = length;
    }
  }
  return longest;
}

const stagesLookedUp = 200;

/** Seconds that a stage took when one of its instances last ran; 1 for a stage that never did. */
export function measuredSeconds(plan: Plan, store: Store): (index: number) => number {
  const byStage = new Map<string, number>();
  return (index) => {
    const { stage, id } = plan.instances[index]!;
    const known = byStage.get(stage);
    if (known !== undefined) return known;
    const last = byStage.size < stagesLookedUp ? store.history(id)[0] : undefined;
    const seconds = (last === undefined ? undefined : store.manifest(last)?.seconds) ?? 1;
    byStage.set(stage, seconds);
    return seconds;
  };
}
