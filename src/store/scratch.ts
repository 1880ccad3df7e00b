import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import type { StoreContext } from './context.ts';
import { digestBytes } from './digest/digest-bytes.ts';
import { endLeftovers } from './locks/leftovers.ts';
import { acquireLock, type LockOptions } from './locks/lock.ts';
import { namesIn } from './remove.ts';

/** A folder for an attempt's temporaries. */
export interface Scratch {
  readonly path: string;
  /** It holds unfinished work of an earlier attempt. */
  readonly resumed: boolean;
  finish(how: 'done' | 'unfinished'): void;
}

/** A scratch that goes with the attempt, made once it is asked for. Those that were left empty are used again. */
export function temporaryScratch(context: StoreContext): Scratch {
  let path: string | undefined;
  return {
    get path() {
      path ??= context.emptyScratches.pop() ?? newFolder(context);
      return path;
    },
    resumed: false,
    finish() {
      if (path === undefined) return;
      if (isEmptyFolder(path)) context.emptyScratches.push(path);
      else context.discard(path);
    },
  };
}

/**
 * The scratch of this identity, for one attempt at a time, whatever its key. Each attempt finds it under another
 * name, so that what an earlier one left running cannot write there.
 */
export async function resumableScratch(
  context: StoreContext,
  identity: string,
  options: LockOptions,
): Promise<Scratch> {
  const { layout } = context;
  const name = digestBytes(identity).slice('sha256:'.length);
  const lock = await acquireLock(layout, context.holder(), `resume-${name}`, options);
  const prefix = `${layout.scratch}/${name}.`;
  if (lock.predecessor) await endLeftovers(lock.predecessor, (note) => note.scratch.startsWith(prefix));
  const earlier = namesIn(layout.scratch)
    .filter((other) => other.startsWith(`${name}.`))
    .map((other) => Number(other.slice(name.length + 1)));
  const last = Math.max(0, ...earlier);
  const path = `${prefix}${last + 1}`;
  if (last === 0) mkdirSync(path);
  else renameSync(`${prefix}${last}`, path);
  return {
    path,
    resumed: readdirSync(path).length > 0,
    finish(how) {
      if (how === 'done') context.discard(path);
      lock.release();
    },
  };
}

/** Not so of one that the script removed, put something else in its place, or locked. */
function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

let made = 0;

function newFolder(context: StoreContext): string {
  const path = `${context.layout.scratch}/${context.holder().id}-${++made}`;
  mkdirSync(path);
  return path;
}
