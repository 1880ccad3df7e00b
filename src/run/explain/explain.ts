/** Why an instance will run, or need not: what differs from the earlier result that is most like it. */
import type { Instance, Json, Plan } from '../../graph/plan.ts';
import type { Key, Manifest } from '../../store/result.ts';
import type { Sources, Store } from '../../store/store.ts';
import { type Assessment, assessedView } from '../assess.ts';
import { recordInputs } from '../inputs.ts';
import type { Change } from './change.ts';
import { inputChanges } from './input-changes.ts';
import { recipeChanges } from './recipe-changes.ts';

export type Explanation =
  | { readonly kind: 'current'; readonly key: Key; readonly made: Made | undefined }
  | {
      readonly kind: 'stale';
      readonly key: Key;
      readonly reason: (Assessment & { kind: 'stale' })['reason'];
      /** The earlier result that differs least, and what differs; absent if there never was one. */
      readonly since?: { readonly key: Key; readonly made: Made; readonly changes: readonly Change[] };
    }
  /** Instances whose new results decide, all the way up: each of them is stale itself. */
  | { readonly kind: 'waiting'; readonly on: readonly string[] }
  | { readonly kind: 'impossible'; readonly message: string };

/** By whom, where and when a result was made. */
export type Made = Pick<Manifest, 'run' | 'user' | 'host' | 'started' | 'seconds'>;

export interface ExplainContext {
  readonly plan: Plan;
  readonly store: Store;
  readonly sources: Sources;
  /** Of all instances that are needed, see `assess`. */
  readonly assessments: readonly (Assessment | undefined)[];
}

/** How many earlier results are compared. */
const comparedResults = 50;

/** Undefined for an instance that was not assessed. */
export function explainInstance(index: number, context: ExplainContext): Explanation | undefined {
  const { plan, store, assessments } = context;
  const assessment = assessments[index];
  switch (assessment?.kind) {
    case 'current':
      return { kind: 'current', key: assessment.key, made: madeBy(store.manifest(assessment.key)) };
    case 'stale':
      return {
        kind: 'stale',
        key: assessment.key,
        reason: assessment.reason,
        ...nearestEarlier(plan.instances[index]!, assessment, context),
      };
    case 'waiting':
      return { kind: 'waiting', on: staleRoots(index, context).map((root) => plan.instances[root]!.id) };
    case 'impossible':
      return { kind: 'impossible', message: assessment.message };
    default:
      return undefined;
  }
}

function madeBy(manifest: Manifest | undefined): Made | undefined {
  if (!manifest) return undefined;
  const { run, user, host, started, seconds } = manifest;
  return { run, user, host, started, seconds };
}

function nearestEarlier(
  instance: Instance,
  assessment: Assessment & { kind: 'stale' },
  context: ExplainContext,
): Pick<Explanation & { kind: 'stale' }, 'since'> {
  const { plan, store, assessments } = context;
  const now = recordInputs(instance, assessment.inputs, assessedView(plan, assessments, context));
  const recipe = JSON.parse(instance.recipe) as Json;
  const manifests = store
    .history(instance.id)
    .slice(0, comparedResults)
    .flatMap((key) => store.manifest(key) ?? []);
  const compared = manifests.map((manifest) => ({
    key: manifest.key,
    made: madeBy(manifest)!,
    changes: [...recipeChanges(manifest.recipe, recipe), ...inputChanges(manifest.inputs, now, store)],
  }));
  const since = compared.reduce<(typeof compared)[number] | undefined>(
    (nearest, one) => (nearest && nearest.changes.length <= one.changes.length ? nearest : one),
    undefined,
  );
  return since ? { since } : {};
}

/** The nearest instances upstream that are not waiting themselves. */
function staleRoots(index: number, { plan, assessments }: ExplainContext): readonly number[] {
  const seen = new Set<number>();
  const visit = (at: number): void => {
    for (const on of plan.instances[at]!.dependsOn) {
      if (seen.has(on) || assessments[on]?.kind === 'current') continue;
      seen.add(on);
      if (assessments[on]?.kind === 'waiting') visit(on);
    }
  };
  visit(index);
  return [...seen].filter((one) => assessments[one]?.kind !== 'waiting').sort((a, b) => a - b);
}
