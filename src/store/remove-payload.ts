import { closeSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import type { StoreContext } from './context.ts';
import { notedResult } from './find-result.ts';
import { keptManifest, resultDirectory } from './layout.ts';
import { leasedByOthers } from './locks/leases.ts';
import { tryLock } from './locks/lock.ts';
import { readManifest, writeManifestFile } from './manifest.ts';
import { moveAway, unlinkIfThere } from './remove.ts';
import type { Key, Manifest } from './result.ts';

/** Removes a result's payload and keeps its manifest; false while another process reads or builds it. */
export function removePayload(context: StoreContext, key: Key): boolean {
  const { layout, journal, group } = context;
  const lock = tryLock(layout, context.holder(), key);
  if (!('isHeld' in lock)) return false;
  try {
    const manifest = readManifest(layout, key);
    if (manifest === undefined || leasedByOthers(layout, context.holder()).has(key)) return false;
    keepManifest(context, manifest);
    const trash = context.trashPath(key);
    if (!moveAway(resultDirectory(layout, key), trash)) return false;
    if (leasedByOthers(layout, context.holder()).has(key)) {
      renameSync(trash, resultDirectory(layout, key));
      return false;
    }
    context.discard(trash);
    const removed = { ...notedResult(manifest, {}), payload: 'removed' } as const;
    journal.remember(removed);
    group.add(removed);
    return true;
  } finally {
    lock.release();
  }
}

/** On disk before the payload goes: what lies downstream stays current by it. */
function keepManifest({ layout }: StoreContext, manifest: Manifest): void {
  mkdirSync(layout.manifests, { recursive: true });
  const path = keptManifest(layout, manifest.key);
  const draft = `${path}.draft`;
  try {
    writeManifestFile(draft, manifest);
    const descriptor = openSync(draft, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch (error) {
    unlinkIfThere(draft);
    throw error;
  }
  renameSync(draft, path);
}
