import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Instance, Plan, Publication } from '../graph/plan.ts';
import { isObjectUrl } from '../objects/object-url.ts';
import { resultKey } from '../store/key.ts';
import type { Digest, Key } from '../store/result.ts';
import type { Sources, Store, StoredResult } from '../store/store.ts';
import { digestInputs, type InputView } from './inputs.ts';

export type Assessment =
  /** Its result is in the store; of a frozen instance, its newest. */
  | { readonly kind: 'current'; readonly key: Key; readonly result: StoredResult }
  | {
      readonly kind: 'stale';
      readonly key: Key;
      readonly inputs: readonly { readonly name: string; readonly digests: readonly Digest[] }[];
      /** `payload-removed`: it is current, but a stale reader or a publication needs what was removed. */
      readonly reason: 'no-result' | 'forced' | 'always' | 'payload-removed';
    }
  /** Its key hangs on results that do not exist yet. */
  | { readonly kind: 'waiting'; readonly on: readonly number[] }
  /** Its key hangs on sources that must be digested first (absolute paths). */
  | { readonly kind: 'undigested'; readonly paths: readonly string[] }
  /** It cannot run: the sentence says why. */
  | { readonly kind: 'impossible'; readonly message: string };

/** Inputs as a plan finds them before it runs: of results, those that are current. */
export function assessedView(
  plan: Plan,
  assessments: readonly (Assessment | undefined)[],
  { store, sources }: Pick<InputView, 'store' | 'sources'>,
): InputView {
  const resultOf = (index: number) => {
    const assessment = assessments[index];
    return assessment?.kind === 'current' ? assessment.result : undefined;
  };
  return { plan, store, sources, resultOf };
}

export interface AssessOptions {
  readonly store: Store;
  readonly sources: Sources;
  /** Instances that were asked for; all if left out. What they need is assessed with them. */
  readonly selection?: ReadonlySet<number>;
  /** Instances to build though a result is there. */
  readonly force?: ReadonlySet<number>;
}

/** State of every instance that is needed, by index; the others are left undefined. Reads only what is in memory, and one stat a file. */
export function assess(plan: Plan, options: AssessOptions): readonly (Assessment | undefined)[] {
  const results: (StoredResult | undefined)[] = [];
  const view: InputView = { plan, store: options.store, sources: options.sources, resultOf: (index) => results[index] };
  const needed = neededInstances(plan, options.selection);
  const assessments = plan.instances.map((instance) => {
    if (!needed[instance.index]) return undefined;
    const assessment = assessInstance(instance, view, options.force?.has(instance.index) ? 'forced' : undefined);
    if (assessment.kind === 'current') results[instance.index] = assessment.result;
    return assessment;
  });
  return withRebuilds(plan, assessments, view);
}

/** Must a removed payload come back to be published? A copy that cannot be told without reading it counts as the right one. */
function isUnpublished({ source, destination }: Publication, result: StoredResult, view: InputView): boolean {
  // What lies in a bucket is not looked at for every run: as long as its payload is here it is compared when it is published.
  if (isObjectUrl(destination)) return false;
  const place = resolve(view.plan.root, destination);
  if (!existsSync(place)) return true;
  const { output, path } = source;
  const digest = path === undefined ? result.outputs[output]?.digest : view.store.digestBelow(result.key, output, path);
  return (view.sources.known(place) ?? digest) !== digest;
}

/** State of one instance, given the results of those that it reads from. `rebuild`: why it is to be built though its result is known. */
export function assessInstance(
  instance: Instance,
  view: InputView,
  rebuild: 'forced' | 'payload-removed' | undefined,
): Assessment {
  if (instance.frozen) return assessFrozen(instance, view.store);
  const inputs = digestInputs(instance, view);
  if (inputs.kind === 'missing') return { kind: 'impossible', message: inputs.message };
  if (inputs.kind !== 'known') return inputs;
  const key = resultKey(instance.recipe, inputs.inputs);
  const stale = (reason: (Assessment & { kind: 'stale' })['reason']) =>
    ({ kind: 'stale', key, inputs: inputs.inputs, reason }) as const;
  if (instance.always) return stale('always');
  if (rebuild) return stale(rebuild);
  const result = view.store.find(key);
  return result ? { kind: 'current', key, result } : stale('no-result');
}

function assessFrozen(instance: Instance, store: Store): Assessment {
  for (const key of store.history(instance.id)) {
    const result = store.find(key);
    if (result) return { kind: 'current', key, result };
  }
  return { kind: 'impossible', message: 'is frozen but has no earlier result: take `frozen` away to build one' };
}

/** The selection and all that it needs. What only a frozen instance would read is not needed. */
export function neededInstances(plan: Plan, selection: ReadonlySet<number> | undefined): Uint8Array {
  const needed = new Uint8Array(plan.instances.length);
  for (let index = plan.instances.length - 1; index >= 0; index--) {
    if (!selection || selection.has(index)) needed[index] = 1;
    const instance = plan.instances[index]!;
    if (!needed[index] || instance.frozen) continue;
    for (const dependency of instance.dependsOn) needed[dependency] = 1;
  }
  return needed;
}

/** Marks current instances whose removed payload a stale one reads or a publication lacks, and so on upwards. */
function withRebuilds(
  plan: Plan,
  assessments: (Assessment | undefined)[],
  view: InputView,
): readonly (Assessment | undefined)[] {
  const bringBack = (index: number, isWanted: (result: StoredResult) => boolean): void => {
    const found = assessments[index];
    if (found?.kind !== 'current' || found.result.payload === 'present' || !isWanted(found.result)) return;
    const inputs = digestInputs(plan.instances[index]!, view);
    if (inputs.kind !== 'known') return;
    assessments[index] = { kind: 'stale', key: found.key, inputs: inputs.inputs, reason: 'payload-removed' };
  };
  for (const publication of plan.publish) {
    const { instance } = publication.source;
    if (plan.instances[instance]!.frozen) continue;
    bringBack(instance, (result) => isUnpublished(publication, result, view));
  }
  for (let index = plan.instances.length - 1; index >= 0; index--) {
    if (assessments[index]?.kind !== 'stale') continue;
    for (const dependency of plan.instances[index]!.dependsOn) bringBack(dependency, () => true);
  }
  return assessments;
}
