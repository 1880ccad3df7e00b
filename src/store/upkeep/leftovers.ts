import { statSync } from 'node:fs';
import type { StoreContext } from '../context.ts';
import { unusedCopies } from '../fetched/unused-copies.ts';
import { holderIsDead, readHolder } from '../locks/holder.ts';
import { tryLock } from '../locks/lock.ts';
import { namesIn, unlinkIfThere } from '../remove.ts';
import type { Key } from '../result.ts';
import { bytesBelow } from './disk-usage.ts';

/** Something that a process which is gone left behind. */
export interface Leftover {
  readonly path: string;
  readonly what:
    | 'unfinished outputs'
    | 'temporaries'
    | 'unfinished work'
    | 'damaged result'
    | 'lock'
    | 'lease'
    | 'ended job'
    | 'unused copy';
  readonly bytes: number;
  /** Locked while it is removed: its owner may come back to it. */
  readonly lock?: string;
}

/** Unfinished work that a stage could resume is days of computing: it is kept for so long after its last change. */
const resumableMs = 30 * 24 * 3600 * 1000;

/** A job of a cluster whose result nobody has taken yet, in a folder of its own; it needs no process of ours. */
export interface ForeignJob {
  readonly key: Key;
  readonly path: string;
  /** Results that it reads. */
  readonly reads: readonly Key[];
  readonly ended: boolean;
  /** Milliseconds since the epoch. */
  readonly lastChange: number;
}

/** A job that has ended waits for somebody to take its result as long as other unfinished work does. */
export function abandonedJobs(context: StoreContext, jobs: readonly ForeignJob[], now: number): Leftover[] {
  return jobs
    .filter(({ key, ended, lastChange }) => ended && now - lastChange > resumableMs && !isLocked(context, key))
    .map(({ key, path }): Leftover => ({ path, what: 'ended job', bytes: bytesBelow(path), lock: key }));
}

/** What dead processes left in a store. `now` in milliseconds since the epoch. */
export function leftovers(context: StoreContext, now: number): Leftover[] {
  return [
    ...unfinishedOutputs(context),
    ...scratches(context, now),
    ...damagedResults(context),
    ...deadLocks(context),
    ...deadLeases(context),
    ...unusedCopies(context.layout.fetched, now).map((path): Leftover => {
      return { path, what: 'unused copy', bytes: bytesBelow(path) };
    }),
  ];
}

/** False if a living process holds the lock by now. */
export function removeLeftover(context: StoreContext, { path, what, lock: name }: Leftover): boolean {
  const lock = name === undefined ? undefined : tryLock(context.layout, context.holder(), name);
  if (lock !== undefined && !('isHeld' in lock)) return false;
  if (what === 'lease') unlinkIfThere(path);
  else if (what !== 'lock') context.discard(path);
  else if (lock === undefined) unlinkIfThere(path);
  lock?.release();
  return true;
}

/** `work/KEY.ATTEMPT` without a builder, and `work/trash.HOLDER.N.NAME` without a deleter. */
function unfinishedOutputs(context: StoreContext): Leftover[] {
  const { work } = context.layout;
  return namesIn(work).flatMap((name): Leftover[] => {
    const path = `${work}/${name}`;
    if (name.startsWith('trash.')) {
      const holder = /^trash\.(.*\.[0-9a-f]{12})\.\d+\./.exec(name)?.[1] ?? '';
      return lives(context, holder) ? [] : [{ path, what: 'unfinished outputs', bytes: bytesBelow(path) }];
    }
    const key = name.slice(0, name.indexOf('.'));
    return isLocked(context, key) ? [] : [{ path, what: 'unfinished outputs', bytes: bytesBelow(path), lock: key }];
  });
}

/** `scratch/HOLDER-N` goes with its process, `scratch/IDENTITY.N` stays for an attempt that resumes it. */
function scratches(context: StoreContext, now: number): Leftover[] {
  const { scratch } = context.layout;
  return namesIn(scratch).flatMap((name): Leftover[] => {
    const path = `${scratch}/${name}`;
    const identity = /^([0-9a-f]{64})\.\d+$/.exec(name)?.[1];
    if (identity === undefined) {
      const holder = name.replace(/-\d+$/, '');
      return lives(context, holder) ? [] : [{ path, what: 'temporaries', bytes: bytesBelow(path) }];
    }
    const lock = `resume-${identity}`;
    if (isLocked(context, lock) || now - lastChange(path) < resumableMs) return [];
    return [{ path, what: 'unfinished work', bytes: bytesBelow(path), lock }];
  });
}

function damagedResults({ layout }: StoreContext): Leftover[] {
  return namesIn(layout.damaged).map((name) => {
    const path = `${layout.damaged}/${name}`;
    return { path, what: 'damaged result', bytes: bytesBelow(path) };
  });
}

/** Dead locks are taken over and released. Names of a takeover (`LOCK.DEAD.N`) count only while that lock is there. */
function deadLocks(context: StoreContext): Leftover[] {
  const { locks } = context.layout;
  return namesIn(locks).flatMap((name): Leftover[] => {
    const path = `${locks}/${name}`;
    const lock = /^[^.]+/.exec(name)?.[0] ?? name;
    if (isLocked(context, name) || (lock !== name && readHolder(`${locks}/${lock}`) !== undefined)) return [];
    return [{ path, what: 'lock', bytes: 0, ...(lock === name && { lock }) }];
  });
}

function deadLeases(context: StoreContext): Leftover[] {
  const { leases } = context.layout;
  const dead = namesIn(leases).filter((name) => !lives(context, name));
  return dead.map((name) => ({ path: `${leases}/${name}`, what: 'lease', bytes: bytesBelow(`${leases}/${name}`) }));
}

function isLocked(context: StoreContext, name: string): boolean {
  const holder = readHolder(`${context.layout.locks}/${name}`);
  return holder !== undefined && !holderIsDead(holder, context.holder().beat());
}

function lives(context: StoreContext, holderId: string): boolean {
  const holder = readHolder(`${context.layout.holders}/${holderId}`);
  return holder !== undefined && !holderIsDead(holder, context.holder().beat());
}

function lastChange(directory: string): number {
  return Math.max(
    statSync(directory).mtimeMs,
    ...namesIn(directory).map((name) => statSync(`${directory}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
}
