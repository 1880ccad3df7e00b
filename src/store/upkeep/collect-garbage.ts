import { resolve } from 'node:path';
import { openContext, type StoreContext } from '../context.ts';
import { storeLayout } from '../layout.ts';
import { leasedByOthers } from '../locks/leases.ts';
import { removeTree } from '../remove.ts';
import { removePayload } from '../remove-payload.ts';
import type { Key } from '../result.ts';
import { sizeOf } from '../size-of.ts';
import { inStore, isDiskFull, StoreError } from '../store-error.ts';
import { abandonedJobs, type ForeignJob, type Leftover, leftovers, removeLeftover } from './leftovers.ts';
import { storedManifests } from './stored-keys.ts';
import { runKeys, usesByRuns } from './uses-by-runs.ts';

export interface GarbageOptions {
  /** So many of the latest runs keep what they read or made; named runs always do. */
  readonly keepRuns: number;
  /** Only results that no run used for so long go. */
  readonly olderThanMs?: number;
  /** The longest unused go until the results take no more than this; without it and `olderThanMs`, all that no kept run reaches go. */
  readonly maxBytes?: number;
  /** Jobs of a cluster that stand on their own: what they read stays, and old ones that have ended go. */
  readonly jobs?: readonly ForeignJob[];
  /** Say what would go, and remove nothing. */
  readonly dryRun?: boolean;
}

export interface Garbage {
  readonly results: readonly GarbageResult[];
  /** What failed or killed processes left. */
  readonly leftovers: readonly Leftover[];
  /** Bytes of both. */
  readonly bytes: number;
  /** Bytes of the results that stay. */
  readonly keptBytes: number;
}

export interface GarbageResult {
  readonly key: Key;
  readonly instance: string;
  readonly bytes: number;
  readonly lastUse: string;
}

/** Removes payloads that nothing reaches and what dead processes left. Manifests stay. */
export async function collectGarbage(directory: string, options: GarbageOptions): Promise<Garbage> {
  const layout = storeLayout(resolve(directory));
  const context = openContext(layout);
  try {
    await signIn(context);
    const abandoned = abandonedJobs(context, options.jobs ?? [], Date.now());
    const gone = new Set(abandoned.map(({ path }) => path));
    const read = (options.jobs ?? []).filter(({ path }) => !gone.has(path)).flatMap(({ reads }) => reads);
    const { candidates, presentBytes } = unreached(context, options.keepRuns, new Set(read));
    const chosen = choose(candidates, presentBytes, options);
    const results = options.dryRun ? chosen : await removeAll(context, chosen);
    const left = [...leftovers(context, Date.now()), ...abandoned];
    const removed = options.dryRun ? left : left.filter((leftover) => removeLeftover(context, leftover));
    const freed = sum(results);
    return { results, leftovers: removed, bytes: freed + sum(removed), keptBytes: presentBytes - freed };
  } finally {
    await context.close();
  }
}

/** On a full disk even this needs room: compiled workflows give it, they are made again at any time. */
async function signIn(context: StoreContext): Promise<void> {
  try {
    context.holder();
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.reason !== 'disk-full') throw error;
    await removeTree(context.layout.compiled);
    context.holder();
  }
}

/** Removes payloads; returns those that went. On a full disk a manifest may find room only after a smaller one's payload went. */
async function removeAll(context: StoreContext, chosen: readonly GarbageResult[]): Promise<GarbageResult[]> {
  const removed: GarbageResult[] = [];
  let left = chosen;
  while (left.length > 0) {
    const waiting: GarbageResult[] = [];
    for (const result of left) {
      try {
        if (removePayload(context, result.key)) removed.push(result);
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        waiting.push(result);
      }
    }
    if (waiting.length === left.length) inStore(context.layout.directory, () => removePayload(context, left[0]!.key));
    left = waiting;
    if (left.length > 0) await context.emptied();
  }
  return removed;
}

/** Present results that neither a kept run nor a living process needs, the longest unused first. */
function unreached(
  context: StoreContext,
  keepRuns: number,
  read: ReadonlySet<Key>,
): { candidates: GarbageResult[]; presentBytes: number } {
  const { layout } = context;
  const runs = runKeys(layout);
  const kept = new Set(
    runs.filter(({ name }, index) => name !== undefined || index < keepRuns).flatMap(({ keys }) => keys),
  );
  const leased = leasedByOthers(layout, context.holder());
  const uses = usesByRuns(layout);
  const present = [...storedManifests(layout)]
    .filter(({ payload }) => payload === 'present')
    .map(({ manifest }): GarbageResult => {
      const { key, instance, started } = manifest;
      return { key, instance, bytes: sizeOf(manifest), lastUse: uses.get(key)?.lastUse ?? started };
    });
  const candidates = present.filter(({ key }) => !kept.has(key) && !leased.has(key) && !read.has(key));
  candidates.sort((a, b) => (a.lastUse < b.lastUse ? -1 : a.lastUse > b.lastUse ? 1 : 0));
  return { candidates, presentBytes: sum(present) };
}

function choose(candidates: readonly GarbageResult[], presentBytes: number, options: GarbageOptions): GarbageResult[] {
  const { olderThanMs, maxBytes } = options;
  if (olderThanMs === undefined && maxBytes === undefined) return [...candidates];
  const before = new Date(Date.now() - (olderThanMs ?? Number.POSITIVE_INFINITY));
  let left = presentBytes;
  return candidates.filter(({ lastUse, bytes }) => {
    const isOld = olderThanMs !== undefined && new Date(lastUse) < before;
    if (!isOld && (maxBytes === undefined || left <= maxBytes)) return false;
    left -= bytes;
    return true;
  });
}

function sum(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}
