import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import type { StoreContext } from './context.ts';
import { notedResult } from './find-result.ts';
import type { Noted } from './journal.ts';
import { keptManifest, resultDirectory } from './layout.ts';
import { leasedByOthers } from './locks/leases.ts';
import { tryLock } from './locks/lock.ts';
import { makeFolder } from './make-folder.ts';
import { readManifest, writeManifestFile } from './manifest.ts';
import { moveAway, unlinkIfThere } from './remove.ts';
import type { Key, Manifest } from './result.ts';

/** Removes a result's payload and keeps its manifest; false while another process reads or builds it. */
export function removePayload(context: StoreContext, key: Key): boolean {
  const { layout } = context;
  const lock = tryLock(layout, context.holder(), key);
  if (!('isHeld' in lock)) return false;
  try {
    const manifest = readManifest(layout, key);
    if (manifest === undefined || leasedByOthers(layout, context.holder()).has(key)) return false;
    keepManifest(context, manifest, true);
    const trash = context.trashPath(key);
    if (!moveAway(resultDirectory(layout, key), trash)) return false;
    if (leasedByOthers(layout, context.holder()).has(key)) {
      renameSync(trash, resultDirectory(layout, key));
      return false;
    }
    context.discard(trash);
    rememberRemoved(context, manifest);
    return true;
  } finally {
    lock.release();
  }
}

/** Keeps the manifest of a result without a payload; in memory and in the journal, too. */
export function rememberRemoved(context: StoreContext, manifest: Manifest): Noted {
  const removed = { ...notedResult(manifest, {}), payload: 'removed' } as const;
  context.journal.remember(removed);
  context.group.add(removed);
  return removed;
}

/** `isOnly`: it tells what cannot be had elsewhere, so it is on disk before the payload goes. */
export function keepManifest({ layout }: StoreContext, manifest: Manifest, isOnly: boolean): void {
  makeFolder(layout.manifests);
  const path = keptManifest(layout, manifest.key);
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeManifestFile(draft, manifest);
    if (isOnly) syncFile(draft);
  } catch (error) {
    unlinkIfThere(draft);
    throw error;
  }
  renameSync(draft, path);
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
