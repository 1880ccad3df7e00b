/** Why an instance will run, or need not: what differs from the earlier result that is most like it. */
import type { Instance, Json, Plan } from '../graph/plan.ts';
import type { Digest, FileRecord, InputRecord, Key, Manifest } from '../store/result.ts';
import type { Sources, Store } from '../store/store.ts';
import type { Assessment } from './assess.ts';
import { type InputView, recordInputs } from './inputs.ts';

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

export type Change =
  /** A part of the recipe, by path: `with.seed`, `env.LANG`, `script`. A side that is absent is undefined. */
  | { readonly kind: 'recipe'; readonly path: string; readonly before?: Json; readonly now?: Json }
  /** One source of an input. `files`: what changed within a directory, where both listings are known. */
  | {
      readonly kind: 'input';
      readonly name: string;
      readonly before?: Content;
      readonly now?: Content;
      readonly files?: readonly FileChange[];
    };

export interface Content {
  readonly from: string;
  readonly digest: Digest;
}

export interface FileChange {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
}

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
  { plan, store, sources, assessments }: ExplainContext,
): Pick<Explanation & { kind: 'stale' }, 'since'> {
  const view: InputView = {
    plan,
    store,
    sources,
    resultOf: (index) => {
      const read = assessments[index];
      return read?.kind === 'current' ? read.result : undefined;
    },
  };
  const now = recordInputs(instance, assessment.inputs, view);
  const recipe = JSON.parse(instance.recipe) as Json;
  const manifests = store
    .history(instance.id)
    .slice(0, comparedResults)
    .flatMap((key) => store.manifest(key) ?? []);
  const compared = manifests.map((manifest) => ({
    key: manifest.key,
    made: madeBy(manifest)!,
    changes: [...recipeChanges('', manifest.recipe, recipe), ...inputChanges(manifest.inputs, now, store)],
  }));
  const since = compared.reduce<(typeof compared)[number] | undefined>(
    (nearest, one) => (nearest && nearest.changes.length <= one.changes.length ? nearest : one),
    undefined,
  );
  return since ? { since } : {};
}

function recipeChanges(path: string, before: Json | undefined, now: Json | undefined): Change[] {
  if (isMap(before) && isMap(now)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return names.flatMap((name) => recipeChanges(path === '' ? name : `${path}.${name}`, before[name], now[name]));
  }
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  return [{ kind: 'recipe', path, ...(before !== undefined && { before }), ...(now !== undefined && { now }) }];
}

function isMap(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inputChanges(before: readonly InputRecord[], now: readonly InputRecord[], store: Store): Change[] {
  const names = [...new Set([...before, ...now].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [old, recent] = [before, now].map((records) => records.find((record) => record.name === name));
    const length = Math.max(old?.digests.length ?? 0, recent?.digests.length ?? 0);
    return Array.from({ length }, (_, item) => sourceChange(name, old, recent, item, store)).flat();
  });
}

function sourceChange(
  name: string,
  old: InputRecord | undefined,
  recent: InputRecord | undefined,
  item: number,
  store: Store,
): Change[] {
  const [before, now] = [contentOf(old, item), contentOf(recent, item)];
  if (before?.digest === now?.digest) return [];
  const [filesBefore, filesNow] = [filesOf(old, item, store), filesOf(recent, item, store)];
  const files = filesBefore && filesNow && fileChanges(filesBefore, filesNow);
  return [{ kind: 'input', name, ...(before && { before }), ...(now && { now }), ...(files && { files }) }];
}

function contentOf(record: InputRecord | undefined, item: number): Content | undefined {
  const digest = record?.digests[item];
  return digest === undefined ? undefined : { from: record!.from[item] ?? '', digest };
}

/** Listing of a directory that came from the store. */
function filesOf(record: InputRecord | undefined, item: number, store: Store): readonly FileRecord[] | undefined {
  const key = record?.keys[item];
  const outputs = key ? Object.values(store.manifest(key)?.outputs ?? {}) : [];
  return outputs.find(({ digest }) => digest === record!.digests[item])?.files;
}

function fileChanges(before: readonly FileRecord[], now: readonly FileRecord[]): FileChange[] {
  const old = new Map(before.map(({ path, digest }) => [path, digest]));
  const recent = new Map(now.map(({ path, digest }) => [path, digest]));
  const paths = [...new Set([...old.keys(), ...recent.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    if (old.get(path) === recent.get(path)) return [];
    return [{ path, change: !old.has(path) ? 'added' : recent.has(path) ? 'changed' : 'removed' }];
  });
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
