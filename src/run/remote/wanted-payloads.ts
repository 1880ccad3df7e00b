import type { Plan } from '../../graph/plan.ts';
import type { Key } from '../../store/result.ts';
import { sizeOf } from '../../store/size-of.ts';
import type { Store } from '../../store/store.ts';
import { type Assessment, type AssessOptions, assess } from '../assess.ts';

/** Of what was made from a published copy, results up to this size are fetched for what the copy tells of them. */
const largestTold = 8 * 2 ** 20;

/**
 * Results without their payload that a run is going to want: those that were asked for, those that an instance reads which must run, those
 * that are published, and small ones that were made from a copy which its stage completes, as with the scores of a model: `completed`.
 */
export function wantedPayloads(
  plan: Plan,
  options: AssessOptions,
  completed: ReadonlySet<number> = new Set(),
): WantedPayload[] {
  const assessments = assess(plan, options);
  const wanted = new Set(plan.publish.map(({ source }) => source.instance));
  const isRead = new Set<number>();
  for (const { index, dependsOn } of plan.instances) {
    const assessment = assessments[index];
    if (assessment === undefined) continue;
    for (const on of dependsOn) isRead.add(on);
    if (mustRun(assessment)) for (const on of dependsOn) wanted.add(on);
  }
  for (const { index, temp } of plan.instances) {
    if (!temp && (!isRead.has(index) || options.selection?.has(index))) wanted.add(index);
  }
  for (const index of madeFrom(plan, completed)) {
    const assessment = assessments[index];
    const isKnown = assessment !== undefined && !mustRun(assessment) && !plan.instances[index]!.temp;
    if (isKnown && bytesOf(assessment, options.store) <= largestTold) wanted.add(index);
  }
  return [...wanted].flatMap((index) => {
    const assessment = assessments[index];
    const isRemoved = assessment?.kind === 'current' && assessment.result.payload === 'removed';
    const isWanted = assessment?.kind === 'stale' && assessment.reason === 'payload-removed';
    return isRemoved || isWanted ? [{ instance: index, key: assessment.key }] : [];
  });
}

/** Instances that hang on some of these. */
function madeFrom(plan: Plan, sources: ReadonlySet<number>): ReadonlySet<number> {
  const made = new Set<number>();
  for (const { index, dependsOn } of plan.instances) {
    if (dependsOn.some((on) => sources.has(on) || made.has(on))) made.add(index);
  }
  return made;
}

function bytesOf(assessment: Assessment, store: Store): number {
  const result = 'key' in assessment ? store.find(assessment.key) : undefined;
  return result === undefined ? 0 : sizeOf(result);
}

/** One whose payload was removed is fetched, and needs nothing that it was made from. */
function mustRun(assessment: Assessment): boolean {
  return assessment.kind === 'stale' ? assessment.reason !== 'payload-removed' : assessment.kind !== 'current';
}

export interface WantedPayload {
  readonly instance: number;
  readonly key: Key;
}
