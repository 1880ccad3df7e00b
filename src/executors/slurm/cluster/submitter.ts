import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { groupBy } from '../../../group-by.ts';
import { moveAway } from '../../../store/remove.ts';
import type { SlurmSettings } from '../../../workflow/settings.ts';
import type { JobFolder, Task } from '../job/job-folder.ts';
import { arrayScript } from '../job/start-script.ts';
import type { Trash } from '../job/trash.ts';
import { longestArray } from './longest-array.ts';
import { slurm } from './programs.ts';
import { arrayOption } from './sbatch-options.ts';
import { queuedTasks } from './task-states.ts';

export interface Submission {
  readonly folder: JobFolder;
  readonly stage: string;
  readonly options: readonly string[];
  /** So many jobs of the stage may run at a time, whatever array they are in. */
  readonly limit: SlurmSettings['arrayLimit'];
  /** Aborted when it shall not be submitted any more. */
  readonly stopping: AbortSignal;
  warn(message: string): void;
  /** Writes what the job starts from, once its task is known. */
  prepare(task: Task): void;
}

interface Waiting extends Submission {
  /** Those of the same may go into one array. */
  readonly group: string;
  resolve(task: Task): void;
  reject(error: Error): void;
}

/** Instances become ready one by one, but in a burst: it has ended when so long no more came, or has lasted long enough. */
const gatherMs = 50;
const longestBurstMs = 2_000;

/** While nothing of ours runs, so many do not wait until the rest of their burst is prepared, which takes half a second for a thousand. */
const firstArray = 100;

export interface Submitter {
  /** Resolves once the job is submitted, which its stage's limit may delay; rejects if Slurm refuses it or it is not to be any more. */
  submit(submission: Submission): Promise<Task>;
  /** A job of the stage that was submitted earlier has not ended. */
  note(stage: string): void;
  /** One of those, or of those that were submitted here, has ended. */
  ended(stage: string): void;
}

/**
 * Submits jobs that ask for the same as one array. Slurm itself holds an array to its limit; beside an array of the same stage that
 * has not ended, only as many jobs are submitted as the limit allows, and the rest as those end.
 */
export function createSubmitter(directory: string): Submitter {
  const waiting = new Set<Waiting>();
  const standing = new Map<string, number>();
  let longest: Promise<number> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let began = 0;

  const flush = async () => {
    const most = await longest!;
    for (const group of groupBy(waiting, ({ group }) => group).values()) {
      while (group.length > 0) {
        const some = group.splice(0, Math.min(most, room(group[0]!)));
        if (some.length === 0) break;
        for (const one of some) {
          waiting.delete(one);
          note(one.stage);
        }
        void submitArray(directory, some).then((submitted) => {
          if (!submitted) for (const { stage } of some) ended(stage);
        });
      }
    }
  };
  /** How many more of its stage may be submitted now, as one array. */
  const room = ({ stage, limit }: Submission) => {
    const unended = standing.get(stage) ?? 0;
    if (limit === undefined) return isIdle() ? firstArray : Number.POSITIVE_INFINITY;
    return unended === 0 ? Number.POSITIVE_INFINITY : Math.max(0, limit - unended);
  };
  const isIdle = () => [...standing.values()].every((unended) => unended === 0);
  const flushSoon = () => {
    const now = performance.now();
    if (timer === undefined) began = now;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        timer = undefined;
        void flush();
      },
      Math.min(gatherMs, began + longestBurstMs - now),
    );
  };
  const note = (stage: string) => void standing.set(stage, (standing.get(stage) ?? 0) + 1);
  const ended = (stage: string) => {
    standing.set(stage, standing.get(stage)! - 1);
    if (waiting.size > 0) flushSoon();
  };
  return {
    note,
    ended,
    submit(submission) {
      longest ??= longestArray();
      return new Promise((resolve, reject) => {
        const one: Waiting = { ...submission, group: groupOf(submission), resolve, reject };
        waiting.add(one);
        const withdraw = () => {
          if (waiting.delete(one)) reject(wasWithdrawn());
        };
        if (submission.stopping.aborted) withdraw();
        else submission.stopping.addEventListener('abort', withdraw);
        flushSoon();
      });
    },
  };
}

const wasWithdrawn = () => new Error('it was stopped before it was submitted');

const groupOf = ({ stage, options, limit }: Submission) => JSON.stringify([stage, options, limit]);

async function submitArray(directory: string, group: readonly Waiting[]): Promise<boolean> {
  const { stage, options, limit } = group[0]!;
  const name = `kumiki-${stage.replaceAll(/[^\w-]/g, '_').slice(0, 60)}-${randomBytes(6).toString('hex')}`;
  try {
    const batch = join(directory, 'submissions', name);
    mkdirSync(batch, { recursive: true });
    const tasks = group.map((_, index) => ({ name, index }));
    for (const [index, { prepare }] of group.entries()) prepare(tasks[index]!);
    writeFileSync(join(batch, 'array.sh'), arrayScript);
    // Last: a submission whose list names no folder that is there is done with.
    writeFileSync(join(batch, 'folders'), group.map(({ folder }) => `${folder.path}\n`).join(''));
    await submitOnce(
      name,
      [
        '--parsable',
        ...options,
        arrayOption(group.length, limit),
        `--job-name=${name}`,
        '--chdir=/',
        '--open-mode=append',
        `--output=${batch.replaceAll('%', '%%')}/${slurmLog('%a')}`,
      ],
      join(batch, 'array.sh'),
      [name, join(batch, 'folders')],
      group,
    );
    for (const [index, { resolve }] of group.entries()) resolve(tasks[index]!);
    return true;
  } catch (error) {
    for (const { reject } of group) reject(error as Error);
    return false;
  }
}

const slurmLog = (index: number | string) => `slurm-${index}.log`;

/** Slurm's own words about a task, such as those of the memory killer. */
export function slurmWords(directory: string, { name, index }: Task): string {
  try {
    return readFileSync(join(directory, 'submissions', name, slurmLog(index)), 'utf8');
  } catch {
    return '';
  }
}

/** As sbatch says once, and tries again for two minutes: the controller has MaxJobCount jobs, or is busy. */
const fullQueue = /sleeping and retrying/;

/** Tries for as long as Slurm's queue is full, unless all of the group are stopped. */
async function submitOnce(
  name: string,
  options: readonly string[],
  script: string,
  words: readonly string[],
  group: readonly Waiting[],
): Promise<void> {
  const stopped = new AbortController();
  let isFull = false;
  const stopIfAll = () => {
    if (group.every(({ stopping }) => stopping.aborted)) stopped.abort();
  };
  const heard = (said: string) => {
    if (isFull || !fullQueue.test(said)) return;
    isFull = true;
    group[0]!.warn('Slurm takes no more jobs now (MaxJobCount), so its jobs wait until others have ended');
    for (const { stopping } of group) stopping.addEventListener('abort', stopIfAll);
    stopIfAll();
  };
  for (;;) {
    try {
      await slurm('sbatch', [...options, script, ...words], { heard, signal: stopped.signal });
      return;
    } catch (error) {
      if (await isThere(name, error as Error)) return;
      if (stopped.signal.aborted) throw wasWithdrawn();
      if (!isFull) throw error;
    }
  }
}

/** When sbatch fails without saying no, the job may be there all the same: its unique name tells. */
async function isThere(name: string, { message }: Error): Promise<boolean> {
  if (!/did not answer|timed out|Unable to contact|Zero Bytes|Connection|aborted/i.test(message)) return false;
  for (let tries = 0; ; tries++) {
    const known = await queuedTasks().catch(() => undefined);
    if (known && [...known.keys()].some((task) => task.startsWith(`${name}/`))) return true;
    if ((known && tries >= 2) || tries >= 30) return false;
    await delay(1000);
  }
}

/** Moves to `trash` what was written for submissions of which every job's result has been taken. */
export function removeTakenSubmissions(directory: string, trash: Trash): void {
  const submissions = join(directory, 'submissions');
  if (!existsSync(submissions)) return;
  for (const name of readdirSync(submissions)) {
    const list = join(submissions, name, 'folders');
    const folders = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : undefined;
    if (folders && !folders.some(existsSync)) moveAway(join(submissions, name), trash.path(name));
  }
}
