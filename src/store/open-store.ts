import { resolve } from 'node:path';
import { beginAttempt, clearWork } from './attempt.ts';
import { type BuildContext, openContext } from './context.ts';
import { pathDigests } from './digest-below.ts';
import { type FindResult, resultFinder } from './find-result.ts';
import { resultDirectory, storeLayout } from './layout.ts';
import { type OwnLeases, openLeases } from './locks/leases.ts';
import { endLeftovers } from './locks/leftovers.ts';
import { acquireLock, type Lock } from './locks/lock.ts';
import { readKeptManifest, readManifest } from './manifest.ts';
import { keepManifest, rememberRemoved, removePayload } from './remove-payload.ts';
import type { Key } from './result.ts';
import type { Attempt, Claim, ClaimOptions, Store, StoredResult } from './store.ts';
import { asStoreError, ifWritable, inStore } from './store-error.ts';
import { tamperedPaths } from './tampered-paths.ts';

export interface StoreOptions {
  /** Version of the program, recorded with every result. */
  readonly kumiki: string;
}

/**
 * Opens the store in a cache folder, which need not exist yet. Looking at results writes nothing, so that a store
 * which cannot be written can be read; the first claim or lease signs this process in.
 */
export async function openStore(directory: string, options: StoreOptions): Promise<Store> {
  const context = { ...openContext(storeLayout(resolve(directory))), kumiki: options.kumiki };
  const { layout, journal, group } = context;
  const find = resultFinder(context);
  const manifest = (key: Key) => readManifest(layout, key) ?? readKeptManifest(layout, key);
  let leases: OwnLeases | undefined;
  return {
    directory: layout.directory,
    find,
    manifest,
    outputPath: (key, output) => `${resultDirectory(layout, key)}/${output}`,
    digestBelow: pathDigests(journal, manifest),
    history: (instance) => journal.history(instance),
    claim: (key, claimOptions) => claim(context, find, key, claimOptions),
    lease(keys) {
      leases ??= inStore(layout.directory, () => openLeases(layout, context.holder()));
      inStore(layout.directory, () => leases?.add(keys));
    },
    tampered: (keys) => keys.flatMap((key) => tamperedPaths(context, key)),
    async removePayload(key) {
      ifWritable(() => removePayload(context, key));
    },
    adopt: (adopted) =>
      inStore(layout.directory, () => {
        const known = find(adopted.key);
        if (known !== undefined) return known;
        keepManifest(context, adopted, false);
        return rememberRemoved(context, adopted);
      }),
    async flush() {
      try {
        await group.flush();
      } catch (error) {
        throw asStoreError(error, layout.directory);
      }
    },
    async close() {
      leases?.close();
      try {
        await context.close();
      } catch (error) {
        throw asStoreError(error, layout.directory);
      }
    },
  };
}

async function claim(
  context: BuildContext,
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

function ownClaim(context: BuildContext, lock: Lock, options: ClaimOptions): Claim {
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
