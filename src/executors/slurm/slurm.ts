import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder } from '../../compiled-folder.ts';
import type { SlurmSettings } from '../../workflow/settings.ts';
import { type Executor, type Job, type JobListener, type RunningJob, wasStopped } from '../executor.ts';
import { abandonTasks } from './abandon-tasks.ts';
import { createCanceller } from './cluster/canceller.ts';
import { sbatchOptions } from './cluster/sbatch-options.ts';
import { createSubmitter, removeTakenSubmissions } from './cluster/submitter.ts';
import { isUnended, queuedTasks, taskName } from './cluster/task-states.ts';
import { createWatcher } from './cluster/watcher.ts';
import {
  type JobFolder,
  jobFolder,
  prepareFolder,
  readSentinel,
  readTask,
  type Task,
  wasCancelled,
} from './job/job-folder.ts';
import { createTrash } from './job/trash.ts';
import { type SupervisedTask, superviseTask } from './supervise-task.ts';

const childEntry = join(compiledFolder, 'src/stage/child.js');

export interface SlurmOptions {
  /** The cache folder, on a file system that the nodes share. */
  readonly cache: string;
  /** For what an instance does not say itself. */
  readonly defaults?: SlurmSettings;
  /** Between two looks at the queue. */
  readonly pollMs?: number;
  /** So many polls in a row must find no trace of a job, and no sentinel, until it counts as lost. */
  readonly patience?: number;
}

/**
 * Runs attempts as jobs of a Slurm cluster. A job needs no engine while it runs: it works in a folder of its key, and whoever holds the key's
 * lock when it has ended gives its outputs to the store. So a job that an earlier engine left is taken up, not submitted again.
 */
export function createSlurmExecutor({ cache, defaults, pollMs = 2_000, patience = 15 }: SlurmOptions): Executor {
  const directory = slurmFolder(cache);
  const submitter = createSubmitter(directory);
  const trash = createTrash(directory);
  const cluster = { directory, watcher: createWatcher(pollMs), canceller: createCanceller(), trash, patience };
  const isThere = createRollCall();
  const supervised = new Set<SupervisedTask>();
  let giveUp = () => {};
  const givenUp = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });

  async function taskOf(job: Job, folder: JobFolder, { warning }: JobListener): Promise<Task> {
    const { stage } = job.instance;
    const earlier = readTask(folder);
    if (earlier) {
      submitter.note(stage);
      if (await isThere(earlier, folder)) return earlier;
      submitter.ended(stage);
    }
    const settings = { ...defaults, ...job.instance.slurm };
    return submitter.submit({
      folder,
      stage,
      options: sbatchOptions(job, settings),
      limit: settings.arrayLimit,
      stopping: job.stopping(),
      warn: warning,
      prepare: (task) => prepareFolder(folder, job, task, childEntry),
    });
  }

  return {
    name: 'slurm',
    place: (key, { outputs }) => jobFolder(directory, key, outputs),
    async close() {
      removeTakenSubmissions(directory, trash);
      await trash.empty();
    },
    abandon() {
      giveUp();
      void abandonTasks(supervised, cluster.canceller);
    },
    async start(job: Job, listener: JobListener): Promise<RunningJob> {
      const folder = jobFolder(directory, job.key, job.instance.outputs);
      const task = await Promise.race([taskOf(job, folder, listener), givenUp]);
      if (task === undefined) {
        listener.warning('its job was being submitted to Slurm and may run; `kumiki watch` goes on with it');
        return endedJob;
      }
      linkSync(folder.log, job.log);
      const running = superviseTask(job, folder, task, listener, cluster);
      supervised.add(running);
      void running.end.then(() => {
        supervised.delete(running);
        submitter.ended(job.instance.stage);
      });
      return running;
    },
  };
}

const endedJob: RunningJob = {
  end: Promise.resolve({ seconds: 0, failure: wasStopped }),
  stop() {},
  detach() {},
};

export function slurmFolder(cache: string): string {
  return join(cache, 'slurm');
}

/** Is the job of an earlier engine known, or has it ended and left its sentinel? One look at the queue serves all who ask at once. */
function createRollCall(): (task: Task, folder: JobFolder) => Promise<boolean> {
  let queue: ReturnType<typeof queuedTasks> | undefined;
  return async (task, folder) => {
    const ended = hasTelling(folder);
    if (ended !== undefined) return ended;
    queue ??= queuedTasks().finally(() => {
      queue = undefined;
    });
    const state = (await queue).get(taskName(task.name, task.index));
    return hasTelling(folder) ?? (state !== undefined && (isUnended(state) || !wasCancelled(folder)));
  };
}

/** Whether the job left an exit code that tells something; undefined if it left none. That a cancelled one failed tells nothing. */
function hasTelling(folder: JobFolder): boolean | undefined {
  const sentinel = readSentinel(folder);
  return sentinel && (sentinel.code === 0 || !wasCancelled(folder));
}
