import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Key } from '../../store/result.ts';
import { removeTakenSubmissions } from './cluster/submitter.ts';
import { isUnended, queuedTasks, taskName } from './cluster/task-states.ts';
import { readSentinel, readTask } from './job/job-folder.ts';
import { createTrash } from './job/trash.ts';

/** A job whose result nobody has taken: it goes on without an engine, or has ended. */
export interface StandingJob {
  readonly key: Key;
  /** Its folder. */
  readonly path: string;
  /** Results that it reads. */
  readonly reads: readonly Key[];
  /** False as well where Slurm does not answer, so that nobody knows. */
  readonly ended: boolean;
  /** Milliseconds since the epoch. */
  readonly lastChange: number;
}

/** Jobs that have a folder in a cache. Slurm is asked only if there is one that left no sentinel. */
export async function standingJobs(cache: string): Promise<readonly StandingJob[]> {
  const directory = join(cache, 'slurm');
  if (!existsSync(directory)) return [];
  const keys = readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const folders = keys.map((key) => ({ key, path: join(directory, key) }));
  const silent = folders.filter((folder) => !readSentinel(folder));
  const queue = silent.length === 0 ? new Map() : await queuedTasks().catch(() => undefined);
  return folders.map(({ key, path }) => {
    const task = readTask({ path });
    const state = task && queue?.get(taskName(task.name, task.index));
    const ended = readSentinel({ path }) !== undefined || (queue !== undefined && !(state && isUnended(state)));
    return { key, path, reads: task?.reads ?? [], ended, lastChange: lastChange(path) };
  });
}

/** Removes what was written to submit jobs of which none has a folder any more. */
export async function removeOldSubmissions(cache: string): Promise<void> {
  const directory = join(cache, 'slurm');
  const trash = createTrash(directory);
  removeTakenSubmissions(directory, trash);
  await trash.empty();
}

function lastChange(path: string): number {
  const names = readdirSync(path).map((name) => join(path, name));
  return Math.max(...[path, ...names].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}
