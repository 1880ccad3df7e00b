import type { Plan } from '../graph/plan.ts';
import type { Assessment } from './assess.ts';

/** How a stage stands: its instances by what there is to do about them. */
export interface Standing {
  readonly stage: string;
  readonly axes: readonly string[];
  readonly current: readonly string[];
  readonly stale: readonly string[];
  /** Their inputs are still to be made. */
  readonly waiting: readonly string[];
  /** With the sentence that says why. */
  readonly impossible: readonly { readonly instance: string; readonly message: string }[];
}

/** Of every stage with assessed instances, in the plan's order. */
export function standings(plan: Plan, assessments: readonly (Assessment | undefined)[]): readonly Standing[] {
  const stages = new Map<string, ReturnType<typeof emptyStanding>>();
  for (const { index, id, stage, matrix } of plan.instances) {
    const assessment = assessments[index];
    if (!assessment) continue;
    const standing = stages.get(stage) ?? emptyStanding(stage, Object.keys(matrix));
    stages.set(stage, standing);
    if (assessment.kind === 'impossible') standing.impossible.push({ instance: id, message: assessment.message });
    else standing[assessment.kind === 'undigested' ? 'waiting' : assessment.kind].push(id);
  }
  return [...stages.values()];
}

function emptyStanding(stage: string, axes: readonly string[]) {
  return {
    stage,
    axes,
    current: [] as string[],
    stale: [] as string[],
    waiting: [] as string[],
    impossible: [] as { instance: string; message: string }[],
  };
}
