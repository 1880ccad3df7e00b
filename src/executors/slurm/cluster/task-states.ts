/** What Slurm says of our jobs, by whom it is asked: the queue, the controller's memory, the accounting. */
import { userInfo } from 'node:os';
import { slurm } from './programs.ts';

export interface TaskState {
  /** `RUNNING`, `PENDING`, `TIMEOUT`, …; see squeue(1), "JOB STATE CODES". */
  readonly state: string;
  /** Why it waits, or ended so. */
  readonly reason: string;
  /** What scancel understands: `123_4`. */
  readonly id: string;
}

/** States of a job that has not ended; squeue(1), "JOB STATE CODES". */
const unended = new Set(
  `PENDING RUNNING COMPLETING CONFIGURING SUSPENDED REQUEUED REQUEUE_HOLD REQUEUE_FED RESIZING SIGNALING STAGE_OUT STOPPED
  SPECIAL_EXIT RESV_DEL_HOLD`.split(/\s+/),
);

export function isUnended({ state }: TaskState): boolean {
  return unended.has(state);
}

/** States by `NAME/INDEX`. */
export type States = ReadonlyMap<string, TaskState>;

export const taskName = (name: string, index: number | string) => `${name}/${index}`;

/** All jobs of this user in one call, those too that ended a short while ago and are still remembered. */
export async function queuedTasks(): Promise<States> {
  const format = '%j|%K|%i|%T|%r';
  const text = await slurm('squeue', [
    '--noheader',
    '--array',
    '--states=all',
    `--user=${userInfo().username}`,
    `--format=${format}`,
  ]);
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name = '', index = '', id = '', state = '', reason = ''] = line.trim().split('|');
      return name.startsWith('kumiki-') ? [[taskName(name, index), { state, reason, id }] as const] : [];
    }),
  );
}

/** What the controller remembers of jobs, the same for all users of the cluster. */
export async function rememberedTasks(): Promise<States> {
  const states = new Map<string, TaskState>();
  for (const line of (await slurm('scontrol', ['--oneliner', 'show', 'job'])).split('\n')) {
    const fact = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? '';
    const [name, index, state] = [fact('JobName'), fact('ArrayTaskId'), fact('JobState')];
    if (!name.startsWith('kumiki-') || !/^\d+$/.test(index)) continue;
    states.set(taskName(name, index), { state, reason: fact('Reason'), id: `${fact('ArrayJobId')}_${index}` });
  }
  return states;
}

const accountedMs = 14 * 86_400_000;

/**
 * What the accounting keeps of jobs that have ended: one that it takes to be running, and the controller does not know, was lost by both.
 * Empty in a cluster without accounting, which says so with an error.
 */
export async function accountedTasks(): Promise<States> {
  const since = new Date(Date.now() - accountedMs).toISOString().slice(0, 10);
  const text = await slurm('sacct', [
    '--noheader',
    '--parsable2',
    '--allocations',
    `--starttime=${since}`,
    '--format=JobName,JobID,State',
  ]).catch(() => '');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name = '', id = '', state = ''] = line.split('|');
      const index = /_(\d+)$/.exec(id)?.[1];
      if (!name.startsWith('kumiki-') || index === undefined) return [];
      // CANCELLED tells by whom: "CANCELLED by 1000".
      const [word = '', ...by] = state.split(' ');
      const task = { state: word, reason: by.join(' '), id };
      return isUnended(task) ? [] : [[taskName(name, index), task] as const];
    }),
  );
}
