import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { beginAttempt, clearWork } from './attempt.ts';
import { openGroupSync } from './commit/group-sync.ts';
import type { StoreContext } from './context.ts';
import { digestOfPath } from './digest/digest-tree.ts';
import { examineResult } from './examine.ts';
import { type FindResult, isShallow, looksWhole, resultFinder } from './find-result.ts';
import { openJournal } from './journal.ts';
import { type Layout, resultDirectory, storeLayout } from './layout.ts';
import { holderIsDead, newHolderId, type OwnHolder, openHolder, readHolder } from './locks/holder.ts';
import { addLeases, dropLeases } from './locks/leases.ts';
import { endLeftovers } from './locks/leftovers.ts';
import { acquireLock, type Lock } from './locks/lock.ts';
import { readKeptManifest, readManifest } from './manifest.ts';
import { moveAway, removeTree } from './remove.ts';
import { removePayload } from './remove-payload.ts';
import type { Key } from './result.ts';
import { isSealed, statusOf } from './seal.ts';
import type { Attempt, Claim, ClaimOptions, Store, StoredResult } from './store.ts';
import { asStoreError } from './store-error.ts';

export interface StoreOptions {
  /** Version of the program, recorded with every result. */
  readonly kumiki: string;
}

/**
 * Opens the store in a cache folder, which need not exist yet. Looking at results writes nothing, so that a store
 * which cannot be written can be read; the first claim or lease signs this process in.
 */
export async function openStore(directory: string, options: StoreOptions): Promise<Store> {
  const context = openContext(storeLayout(resolve(directory)), options);
  const { layout, journal, group } = context;
  const find = resultFinder(context);
  const manifest = (key: Key) => readManifest(layout, key) ?? readKeptManifest(layout, key);
  return {
    directory: layout.directory,
    find,
    manifest,
    outputPath: (key, output) => `${resultDirectory(layout, key)}/${output}`,
    digestBelow(key, output, path) {
      const record = manifest(key)?.outputs[output];
      return record?.files === undefined ? undefined : digestOfPath(record.files, path);
    },
    history: (instance) => journal.history(instance),
    claim: (key, claimOptions) => claim(context, find, key, claimOptions),
    lease(keys) {
      if (keys.length > 0) addLeases(layout, context.holder(), keys);
    },
    tampered: (keys) => keys.flatMap((key) => tamperedPaths(context, key)),
    removePayload: (key) => removePayload(context, key),
    flush: () => group.flush(),
    close: () => context.close(),
  };
}

interface OpenContext extends StoreContext {
  close(): Promise<void>;
}

function openContext(layout: Layout, { kumiki }: StoreOptions): OpenContext {
  const id = newHolderId();
  const journal = openJournal(layout.journal, id);
  let holder: OwnHolder | undefined;
  let trashed = 0;
  const deletions: Promise<void>[] = [];
  const context: OpenContext = {
    layout,
    journal,
    group: openGroupSync(layout, journal),
    kumiki,
    emptyScratches: [],
    holder() {
      holder ??= signIn(layout, id);
      return holder;
    },
    trashPath: (name) => `${layout.work}/trash.${id}.${++trashed}.${name}`,
    discard(path) {
      const trash = context.trashPath('discarded');
      if (moveAway(path, trash)) deletions.push(removeTree(trash));
    },
    async close() {
      await context.group.flush();
      if (holder !== undefined) {
        for (const scratch of context.emptyScratches) deletions.push(removeTree(scratch));
        await Promise.all(deletions);
        journal.compactIfLarge((writer) => isWriting(layout, holder!, writer));
        dropLeases(layout, holder);
        holder.close();
      }
      journal.close();
    },
  };
  return context;
}

function signIn(layout: Layout, id: string): OwnHolder {
  try {
    for (const folder of [layout.store, layout.work, layout.scratch]) mkdirSync(folder, { recursive: true });
    return openHolder(layout, id);
  } catch (error) {
    throw asStoreError(error, layout.directory);
  }
}

function isWriting(layout: Layout, own: OwnHolder, writer: string): boolean {
  if (writer === own.id) return true;
  const holder = readHolder(`${layout.holders}/${writer}`);
  return holder !== undefined && !holderIsDead(holder, own.beat());
}

async function claim(
  context: StoreContext,
  find: FindResult,
  key: Key,
  options: ClaimOptions,
): Promise<Claim | StoredResult> {
  const { layout } = context;
  try {
    const lock = await acquireLock(layout, context.holder(), key, options);
    if (lock.predecessor) {
      await endLeftovers(lock.predecessor, (note) => note.lock === key);
      clearWork(context, key);
    }
    const result = options.rebuild ? undefined : find(key);
    if (result?.payload !== 'present') return ownClaim(context, lock, options);
    lock.release();
    return result;
  } catch (error) {
    throw asStoreError(error, layout.directory);
  }
}

function ownClaim(context: StoreContext, lock: Lock, options: ClaimOptions): Claim {
  let attempt: Attempt | undefined;
  return {
    key: lock.name,
    async begin(request) {
      try {
        await attempt?.abandon();
        attempt = await beginAttempt(context, lock, request, options);
        return attempt;
      } catch (error) {
        throw asStoreError(error, context.layout.directory);
      }
    },
    async release() {
      await attempt?.abandon();
      lock.release();
    },
  };
}

function tamperedPaths({ layout, journal }: StoreContext, key: Key): string[] {
  const directory = resultDirectory(layout, key);
  const folder = statusOf(directory);
  if (folder === undefined || !isSealed(folder)) return [directory];
  const noted = journal.get(key);
  if (noted !== undefined && isShallow(noted) && looksWhole(layout, noted)) return [];
  const found = examineResult(layout, key);
  if (found === undefined || found.problems.length > 0) return [directory];
  return [...found.touched.map((file) => file.path), ...found.folders];
}
