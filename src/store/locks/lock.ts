import { linkSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from '../layout.ts';
import { unlinkIfThere } from '../remove.ts';
import type { Holder } from '../store.ts';
import { type HolderFile, holderIsDead, type OwnHolder, readHolder, silenceMs } from './holder.ts';
import { lifeOf } from './process-identity.ts';

/** A name that only this process may work under, among all processes and machines that share the store. */
export interface Lock {
  readonly name: string;
  /** The dead process that it was taken from. */
  readonly predecessor?: HolderFile;
  /** False once another process has taken it over: what was done under it must not count any more. */
  isHeld(): boolean;
  release(): void;
}

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once for each holder that is waited for. */
  onWait(holder: Holder): void;
}

/** Locks a name; waits while a living process holds it, and takes it over from a dead one. Rejects when aborted. */
export async function acquireLock(layout: Layout, own: OwnHolder, name: string, options: LockOptions): Promise<Lock> {
  const silence = watchSilence();
  let waitedFor: string | undefined;
  for (let delayMs = 10; ; delayMs = Math.min(delayMs * 1.5, 250)) {
    options.signal.throwIfAborted();
    const result = tryLock(layout, own, name, silence);
    if ('isHeld' in result) return result;
    if (result.id !== waitedFor) {
      waitedFor = result.id;
      options.onWait({ pid: result.identity.pid, host: result.identity.host });
    }
    await sleep(delayMs, undefined, { signal: options.signal });
  }
}

/** Locks a name unless a living process holds it, which is then returned. */
export function tryLock(layout: Layout, own: OwnHolder, name: string, silence = watchSilence()): Lock | HolderFile {
  const path = `${layout.locks}/${name}`;
  for (;;) {
    if (linked(own.path, path)) return ownLock(own, name, path);
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (holder.inode === own.inode || !(holderIsDead(holder, own.beat()) || silence(holder))) return holder;
    const winner = takeOver(own, path, holder);
    if (winner === 'own') return ownLock(own, name, path, holder);
    if (winner !== undefined) return winner;
  }
}

function ownLock(own: OwnHolder, name: string, path: string, predecessor?: HolderFile): Lock {
  const isHeld = () => statSync(path, { throwIfNoEntry: false })?.ino === own.inode;
  return {
    name,
    ...(predecessor && { predecessor }),
    isHeld,
    release() {
      if (isHeld()) unlinkIfThere(path);
    },
  };
}

/**
 * Replaces a dead holder's lock. Of several processes one may: the one that creates the first name of the row
 * `LOCK.DEAD.0`, `LOCK.DEAD.1`, … whose creator is not dead in turn. These names belong to this one death, and the
 * lock is looked at again under them, so that a latecomer cannot replace the successor's lock.
 * Returns `own`, the process that is about to win, or undefined when things have changed meanwhile.
 */
function takeOver(own: OwnHolder, path: string, dead: HolderFile): 'own' | HolderFile | undefined {
  const turn = (index: number) => `${path}.${dead.id}.${index}`;
  let index = 0;
  while (!linked(own.path, turn(index))) {
    const other = readHolder(turn(index));
    if (other === undefined) return undefined;
    if (!holderIsDead(other, own.beat())) return other;
    index++;
  }
  const stillDead = readHolder(path)?.id === dead.id;
  if (stillDead) {
    const replacement = `${path}.${own.id}`;
    linked(own.path, replacement);
    renameSync(replacement, path);
    for (let earlier = 0; earlier < index; earlier++) unlinkIfThere(turn(earlier));
  }
  unlinkIfThere(turn(index));
  return stillDead ? 'own' : undefined;
}

/** A hard link is created by exactly one of those who try, also over NFS, and carries its content from the start. */
function linked(holder: string, path: string): boolean {
  try {
    linkSync(holder, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Tells a holder on another machine that stays silent while we look on, whatever the clocks say. */
function watchSilence(): (holder: HolderFile) => boolean {
  let last: { readonly id: string; readonly beat: number; readonly since: number } | undefined;
  return (holder) => {
    if (lifeOf(holder.identity) !== 'unknown') return false;
    if (last === undefined || last.id !== holder.id || last.beat !== holder.beat) {
      last = { id: holder.id, beat: holder.beat, since: performance.now() };
    }
    return performance.now() - last.since > silenceMs;
  };
}
