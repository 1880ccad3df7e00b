/** What Slurm's own programs say of our jobs. Each call has a time limit: a controller may be away for a while. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

export interface TaskState {
  /** `RUNNING`, `PENDING`, `TIMEOUT`, …; see squeue(1), "JOB STATE CODES". */
  readonly state: string;
  /** Why it waits, or ended so. */
  readonly reason: string;
  /** What scancel understands: `123_4`. */
  readonly id: string;
}

/** States by `NAME/INDEX`. */
export type States = ReadonlyMap<string, TaskState>;

export const taskName = (name: string, index: number) => `${name}/${index}`;

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
      return name.startsWith('kumiki-') ? [[taskName(name, Number(index)), { state, reason, id }] as const] : [];
    }),
  );
}

/** What the controller, or else the accounting, remembers of jobs that squeue does not tell of. */
export async function rememberedTasks(): Promise<States> {
  const states = new Map<string, TaskState>();
  for (const line of (await slurm('scontrol', ['--oneliner', 'show', 'job'])).split('\n')) {
    const fact = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? '';
    const [name, index, state] = [fact('JobName'), fact('ArrayTaskId'), fact('JobState')];
    if (!name.startsWith('kumiki-') || !/^\d+$/.test(index)) continue;
    states.set(taskName(name, Number(index)), { state, reason: fact('Reason'), id: `${fact('ArrayJobId')}_${index}` });
  }
  const since = new Date(Date.now() - 14 * 86_400_000).toISOString().slice(0, 10);
  const accounted = await slurm('sacct', [
    '--noheader',
    '--parsable2',
    '--allocations',
    `--starttime=${since}`,
    '--format=JobName,JobID,State',
  ]).catch(() => ''); // A cluster without accounting says so with an error.
  for (const line of accounted.split('\n')) {
    const [name = '', id = '', state = ''] = line.split('|');
    const index = /_(\d+)$/.exec(id)?.[1];
    if (!name.startsWith('kumiki-') || index === undefined) continue;
    const known = taskName(name, Number(index));
    if (!states.has(known)) states.set(known, { state: state.split(' ')[0]!, reason: '', id });
  }
  return states;
}

/** Submits an array; the id of the job. */
export async function submit(options: readonly string[], script: string, words: readonly string[]): Promise<string> {
  const text = await slurm('sbatch', ['--parsable', ...options, script, ...words]);
  return text.trim().split(';')[0]!;
}

export async function cancelTask(id: string, how: 'gently' | 'now'): Promise<void> {
  await slurm('scancel', how === 'gently' ? ['--batch', '--signal=TERM', id] : [id]);
}

const patienceMs = 60_000;

async function slurm(program: string, words: readonly string[]): Promise<string> {
  try {
    const options = { env: clientEnvironment(), timeout: patienceMs, maxBuffer: 2 ** 28 };
    return (await promisify(execFile)(program, words, options)).stdout;
  } catch (error) {
    const { code, stderr, killed } = error as NodeJS.ErrnoException & { stderr?: string; killed?: boolean };
    if (code === 'ENOENT') {
      throw new Error(
        `${program} is not there: run kumiki on a login node of the cluster, with Slurm's programs on PATH`,
      );
    }
    if (killed) throw new Error(`${program} did not answer within ${patienceMs / 1000} s`);
    throw new Error(`${program}: ${(stderr ?? '').trim() || (error as Error).message}`);
  }
}

/** Nothing of the engine's own environment reaches a job by way of sbatch, save how to find the cluster and the user's defaults. */
function clientEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SLURM_CONF'];
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => names.includes(name) || name.startsWith('SBATCH_')),
  );
}
