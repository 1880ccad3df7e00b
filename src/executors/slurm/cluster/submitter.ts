import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { groupBy } from '../../../group-by.ts';
import type { SlurmSettings } from '../../../workflow/settings.ts';
import type { JobFolder, Task } from '../job/job-folder.ts';
import { arrayScript } from '../job/start-script.ts';
import { slurm } from './programs.ts';
import { arrayOption } from './sbatch-options.ts';
import { queuedTasks } from './task-states.ts';

export interface Submission {
  readonly folder: JobFolder;
  readonly stage: string;
  readonly options: readonly string[];
  readonly limit: SlurmSettings['arrayLimit'];
  /** Writes what the job starts from, once its task is known. */
  prepare(task: Task): void;
}

interface Waiting extends Submission {
  resolve(task: Task): void;
  reject(error: Error): void;
}

/** Slurm's default MaxArraySize of 1001 allows indexes below it. */
const longestArray = 1000;

/** Instances become ready one by one, but in a burst: it has ended when so long no more came, or has lasted long enough. */
const gatherMs = 50;
const longestBurstMs = 2_000;

/** Submits jobs that ask for the same as one array. */
export function createSubmitter(directory: string): { submit(submission: Submission): Promise<Task> } {
  const waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let began = 0;

  const flush = () => {
    for (const group of groupBy(waiting.splice(0), groupOf).values()) {
      for (let from = 0; from < group.length; from += longestArray) {
        void submitArray(directory, group.slice(from, from + longestArray));
      }
    }
  };
  return {
    submit(submission) {
      const now = performance.now();
      if (waiting.length === 0) began = now;
      clearTimeout(timer);
      timer = setTimeout(flush, Math.min(gatherMs, began + longestBurstMs - now));
      return new Promise((resolve, reject) => waiting.push({ ...submission, resolve, reject }));
    },
  };
}

const groupOf = ({ stage, options, limit }: Submission) => JSON.stringify([stage, options, limit]);

async function submitArray(directory: string, group: readonly Waiting[]): Promise<void> {
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
    );
    for (const [index, { resolve }] of group.entries()) resolve(tasks[index]!);
  } catch (error) {
    for (const { reject } of group) reject(error as Error);
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

/** When sbatch fails without saying no, the job may be there all the same: its unique name tells. */
async function submitOnce(name: string, options: readonly string[], script: string, words: readonly string[]) {
  try {
    await slurm('sbatch', [...options, script, ...words]);
  } catch (error) {
    if (!/did not answer|timed out|Unable to contact|Zero Bytes|Connection/i.test((error as Error).message))
      throw error;
    for (let tries = 0; ; tries++) {
      const known = await queuedTasks().catch(() => undefined);
      if (known && [...known.keys()].some((task) => task.startsWith(`${name}/`))) return;
      if (known && tries >= 2) throw error;
      if (tries >= 30) throw error;
      await delay(1000);
    }
  }
}

/** Removes what was written for submissions of which every job's result has been taken. */
export function removeTakenSubmissions(directory: string): void {
  const submissions = join(directory, 'submissions');
  if (!existsSync(submissions)) return;
  for (const name of readdirSync(submissions)) {
    const list = join(submissions, name, 'folders');
    const folders = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : undefined;
    if (folders && !folders.some(existsSync)) rmSync(join(submissions, name), { recursive: true, force: true });
  }
}
