import { appendFileSync } from 'node:fs';
import type { Failure } from '../../run/events.ts';
import { type Job, type JobListener, type RunningJob, wasStopped } from '../executor.ts';
import { readEventLines } from '../local/event-lines.ts';
import type { CancelHow, Canceller } from './cluster/canceller.ts';
import { slurmWords } from './cluster/submitter.ts';
import { isUnended, type TaskState } from './cluster/task-states.ts';
import type { createWatcher, Watched } from './cluster/watcher.ts';
import {
  deliver,
  type JobFolder,
  leftUnwritten,
  noteCancelled,
  readReport,
  readSentinel,
  type Task,
} from './job/job-folder.ts';
import { hindrance, taskFailure } from './job/task-failure.ts';

export interface Cluster {
  /** `cache/slurm`. */
  readonly directory: string;
  readonly watcher: ReturnType<typeof createWatcher>;
  readonly canceller: Canceller;
  readonly trash: { path(key: string): string };
  /** See `SlurmOptions`. */
  readonly patience: number;
}

export interface SupervisedTask extends RunningJob {
  readonly task: Task;
  /** What scancel understands, once Slurm has told it. */
  id(): string | undefined;
  warn(message: string): void;
  detach(): void;
  /** Of a job that was cancelled: waits for its end no longer. */
  abandon(): void;
}

/** Watches over one job until it has ended, or until the engine leaves it to itself. */
export function superviseTask(
  job: Job,
  folder: JobFolder,
  task: Task,
  listener: JobListener,
  { directory, watcher, canceller, trash, patience }: Cluster,
): SupervisedTask {
  const started = performance.now();
  const events = readEventLines(folder.events, listener);
  const warned = new Set<string>();
  let known: TaskState | undefined;
  let unansweredPolls = 0;
  let completedPolls = 0;
  let stopping: CancelHow | undefined;
  const { promise: end, resolve: settle } = withResolvers<Awaited<RunningJob['end']>>();

  const warnOnce = (message: string) => {
    if (!warned.has(message)) listener.warning(message);
    warned.add(message);
  };
  const finish = (state: TaskState | undefined) => {
    leave();
    events.end();
    try {
      settle(takeEnd(state));
    } catch (error) {
      settle({ seconds: (performance.now() - started) / 1000, failure: untaken(error as Error) });
    }
  };
  const takeEnd = (state: TaskState | undefined): Awaited<RunningJob['end']> => {
    const sentinel = readSentinel(folder);
    const report = readReport(folder);
    if (sentinel?.code !== 0) appendFileSync(job.log, slurmWords(directory, task));
    const failure = taskFailure(state, sentinel ?? (leftUnwritten(folder) ? 'unwritten' : undefined), job);
    const said = failure?.reason === 'exit' && report.message ? { ...failure, message: report.message } : failure;
    deliver(folder, job, !failure, trash.path(job.key));
    return {
      seconds: sentinel?.seconds ?? (performance.now() - started) / 1000,
      ...(said && { failure: said }),
      ...(report.cpuSeconds !== undefined && { cpuSeconds: report.cpuSeconds }),
      ...(report.peakMemory !== undefined && { peakMemory: report.peakMemory }),
    };
  };
  /** A job that waits has nothing to write a checkpoint of. */
  const cancel = ({ id, state }: TaskState, how: CancelHow) =>
    canceller.cancel(id, state === 'RUNNING' ? how : 'now', (error) =>
      warnOnce(`job ${id} could not be cancelled: ${error.message}`),
    );
  const watched: Watched = {
    task,
    look() {
      if (known?.state !== 'PENDING') events.read();
      if (readSentinel(folder)?.code !== 0) return 'going';
      finish(undefined);
      return 'ended';
    },
    take(state, silentPolls) {
      unansweredPolls = 0;
      known = state ?? known;
      if (state && stopping) {
        cancel(state, stopping);
        stopping = undefined;
      }
      if (state && !isUnended(state)) {
        // The file server may show the sentinel later than Slurm the end.
        if (state.state !== 'COMPLETED' || readSentinel(folder) || ++completedPolls > patience) finish(state);
      } else if (state) {
        const why = hindrance(state);
        if (why) warnOnce(`job ${state.id} waits in Slurm and may never start: ${why}`);
      } else if (readSentinel(folder) || silentPolls >= patience) {
        finish(undefined);
      }
    },
    unanswered(error) {
      if (++unansweredPolls === 3) warnOnce(`Slurm does not answer, its jobs may go on meanwhile: ${error.message}`);
    },
  };
  const leave = watcher.add(watched);
  return {
    task,
    id: () => known?.id,
    warn: listener.warning,
    end,
    stop(how) {
      if (known) cancel(known, how);
      else stopping = how;
    },
    detach() {
      leave();
      events.end();
      settle({ seconds: (performance.now() - started) / 1000, failure: detached(known) });
    },
    abandon() {
      leave();
      events.end();
      noteCancelled(folder);
      settle({ seconds: (performance.now() - started) / 1000, failure: wasStopped });
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

function untaken({ message }: Error): Failure {
  return {
    reason: 'lost',
    message: `its job has ended, but what it left cannot be taken (${message}): mend that, and run again`,
  };
}

/** `Promise.withResolvers`, which Node has from version 22 on. */
function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
