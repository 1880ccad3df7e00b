import type { Task } from '../job/job-folder.ts';
import { accountedTasks, queuedTasks, rememberedTasks, type States, type TaskState, taskName } from './task-states.ts';

export interface Watched {
  readonly task: Task;
  /** Has the job left its sentinel? Then its state is asked for no more, unless the job failed. */
  look(): 'ended' | 'going';
  /** A state that Slurm told; `undefined`: nobody knew the job, for `silentPolls` polls by now. */
  take(state: TaskState | undefined, silentPolls: number): void;
  unanswered(error: Error): void;
}

/** Who is asked, in this order, for as long as there are jobs of whom the one before did not know. */
const sources = [queuedTasks, rememberedTasks, accountedTasks];

/** Sentinels are looked for more often than Slurm is asked, to which that costs nothing: the fewer jobs there are, the more often. */
const shortestLookMs = 50;
const longestLookMs = 500;
const lookMsAJob = 0.3;

/** Asking takes at most this share of the time, so that thousands of jobs are no burden to a controller; but this many times the usual pause is the longest. */
const pollShare = 1 / 50;
const longestPause = 5;

/** Looks at all jobs with one call a poll: of squeue, and while there are jobs that it does not know, in the next polls of those that remember longer. */
export function createWatcher(pollMs: number): { add(watched: Watched): () => void } {
  const silences = new Map<Watched, number>();
  let next = 0;
  let nextPoll = 0;
  let going = false;

  const look = async () => {
    for (const watched of [...silences.keys()]) if (watched.look() === 'ended') silences.delete(watched);
    if (silences.size > 0 && performance.now() >= nextPoll) await poll();
    going = silences.size > 0;
    if (going) setTimeout(look, lookMs());
  };
  const lookMs = () => Math.min(pollMs, longestLookMs, Math.max(shortestLookMs, silences.size * lookMsAJob));

  const poll = async () => {
    const started = performance.now();
    try {
      tell(await sources[next]!());
    } catch (error) {
      for (const watched of [...silences.keys()]) watched.unanswered(error as Error);
    }
    const ended = performance.now();
    nextPoll = ended + Math.min(longestPause * pollMs, Math.max(pollMs, (ended - started) / pollShare));
  };

  const tell = (states: States) => {
    let unknown = 0;
    for (const [watched, silence] of [...silences]) {
      if (next > 0 && silence === 0) continue;
      const state = states.get(taskName(watched.task.name, watched.task.index));
      // Its sentinel may have come while Slurm was asked.
      if (!state && watched.look() === 'ended') continue;
      const silentPolls = state ? 0 : silence + 1;
      silences.set(watched, silentPolls);
      if (!state) unknown++;
      watched.take(state, silentPolls);
    }
    next = unknown > 0 ? (next + 1) % sources.length : 0;
  };

  return {
    add(watched) {
      silences.set(watched, 0);
      if (!going) setTimeout(look, Math.min(pollMs, 200));
      going = true;
      return () => void silences.delete(watched);
    },
  };
}
