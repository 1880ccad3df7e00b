import { join } from 'node:path';
import { compiledFolder } from '../../compiled-folder.ts';
import type { Failure } from '../../run/events.ts';
import type { Executor, Job, JobEnd, JobListener, RunningJob } from '../executor.ts';
import { followEventLines } from '../local/event-lines.ts';
import { followLog } from './follow-log.ts';
import { hindrance, isUnended, taskFailure } from './job-failure.ts';
import {
  deliver,
  type JobFolder,
  jobFolder,
  prepareFolder,
  readReport,
  readSentinel,
  readTask,
  type Task,
} from './job-folder.ts';
import { cancelTask, queuedTasks, type TaskState, taskName } from './queue.ts';
import { sbatchOptions } from './sbatch-options.ts';
import { createSubmitter, removeTakenSubmissions } from './submitter.ts';
import { createWatcher, type Watched } from './watcher.ts';

const childEntry = join(compiledFolder, 'src/stage/child.js');

export interface SlurmOptions {
  /** The cache folder, on a file system that the nodes share. */
  readonly cache: string;
  /** Between two looks at the queue. */
  readonly pollMs?: number;
  /** So many polls in a row must find no trace of a job, and no sentinel, until it counts as lost. */
  readonly patience?: number;
}

/**
 * Runs attempts as jobs of a Slurm cluster. A job needs no engine while it runs: it works in a folder of its key, and whoever holds the key's
 * lock when it has ended gives its outputs to the store. So a job that an earlier engine left is taken up, not submitted again.
 */
export function createSlurmExecutor({ cache, pollMs = 2_000, patience = 15 }: SlurmOptions): Executor {
  const directory = join(cache, 'slurm');
  const submitter = createSubmitter(directory);
  const watcher = createWatcher(pollMs);

  async function taskOf(job: Job, folder: JobFolder): Promise<Task> {
    const earlier = readTask(folder);
    if (earlier && (await isThere(earlier, folder))) return earlier;
    prepareFolder(folder, job, childEntry);
    return submitter.submit({
      folder,
      stage: job.instance.stage,
      options: sbatchOptions(job),
      limit: job.instance.slurm?.arrayLimit,
    });
  }

  return {
    name: 'slurm',
    place: (key, { outputs }) => jobFolder(directory, key, outputs),
    close: () => removeTakenSubmissions(directory),
    async start(job: Job, listener: JobListener): Promise<RunningJob> {
      const folder = jobFolder(directory, job.key, job.instance.outputs);
      const task = await taskOf(job, folder);
      return superviseTask(job, folder, task, listener, watcher, patience);
    },
  };
}

let queue: ReturnType<typeof queuedTasks> | undefined;

/** Is the job of an earlier engine known, or has it ended and left its sentinel? One look at the queue serves all who ask at once. */
async function isThere(task: Task, folder: JobFolder): Promise<boolean> {
  if (readSentinel(folder)) return true;
  queue ??= queuedTasks().finally(() => {
    queue = undefined;
  });
  return (await queue).has(taskName(task.name, task.index)) || readSentinel(folder) !== undefined;
}

/** Watches over one job until it has ended, or until the engine leaves it to itself. */
function superviseTask(
  job: Job,
  folder: JobFolder,
  task: Task,
  listener: JobListener,
  watcher: ReturnType<typeof createWatcher>,
  patience: number,
): RunningJob {
  const started = performance.now();
  const log = followLog(folder.log, job.log);
  const events = followEventLines(folder.events, listener);
  const warned = new Set<string>();
  let known: TaskState | undefined;
  let unansweredPolls = 0;
  let completedPolls = 0;
  let stopping: 'gently' | 'now' | undefined;
  let settle: (end: JobEnd) => void = () => {};
  const end = new Promise<JobEnd>((resolve) => {
    settle = resolve;
  });
  const warnOnce = (message: string) => {
    if (!warned.has(message)) listener.warning(message);
    warned.add(message);
  };
  const close = () => {
    leave();
    events.stop();
    log.copy();
  };
  const finish = (state: TaskState | undefined) => {
    close();
    const sentinel = readSentinel(folder);
    const report = readReport(folder);
    const failure = taskFailure(state, sentinel, job);
    const said = failure?.reason === 'exit' && report.message ? { ...failure, message: report.message } : failure;
    deliver(folder, job, !failure);
    settle({
      seconds: sentinel?.seconds ?? (performance.now() - started) / 1000,
      ...(said && { failure: said }),
      ...(report.cpuSeconds !== undefined && { cpuSeconds: report.cpuSeconds }),
      ...(report.peakMemory !== undefined && { peakMemory: report.peakMemory }),
    });
  };
  const cancel = async (id: string, how: 'gently' | 'now') => {
    await cancelTask(id, how).catch((error: Error) => warnOnce(`job ${id} could not be cancelled: ${error.message}`));
  };
  const watched: Watched = {
    task,
    look() {
      log.copy();
      if (readSentinel(folder)?.code !== 0) return 'going';
      finish(undefined);
      return 'ended';
    },
    take(state, silentPolls) {
      unansweredPolls = 0;
      known = state ?? known;
      if (state && stopping) void cancel(state.id, stopping);
      stopping = undefined;
      if (state && !isUnended(state)) {
        // The file server may show the sentinel later than Slurm the end.
        if (state.state !== 'COMPLETED' || readSentinel(folder) || ++completedPolls > patience) finish(state);
      } else if (state) {
        const why = hindrance(state);
        if (why) warnOnce(`job ${state.id} waits in Slurm and may never start: ${why}`);
      } else if (silentPolls > 0 && (readSentinel(folder) || silentPolls >= patience)) {
        finish(undefined);
      }
    },
    unanswered(error) {
      if (++unansweredPolls === 3) warnOnce(`Slurm does not answer, its jobs may go on meanwhile: ${error.message}`);
    },
  };
  const leave = watcher.add(watched);
  return {
    end,
    stop(how) {
      stopping = how;
      if (known) void cancel(known.id, how);
    },
    detach() {
      close();
      settle({ seconds: (performance.now() - started) / 1000, failure: detached(known) });
    },
  };
}

function detached(task: TaskState | undefined): Failure {
  const job = task ? `job ${task.id}` : 'its job';
  return {
    reason: 'cancelled',
    message: `${job} goes on in Slurm: \`kumiki watch\`, or the same run again, takes its result`,
  };
}
