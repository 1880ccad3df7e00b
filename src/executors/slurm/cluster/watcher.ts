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

/** So often sentinels are looked for between polls: that costs Slurm nothing. */
const looksAPoll = 4;

/** Looks at all jobs with one call a poll: of squeue, and while there are jobs that it does not know, in the next polls of those that remember longer. */
export function createWatcher(pollMs: number): { add(watched: Watched): () => void } {
  const silences = new Map<Watched, number>();
  let next = 0;
  let looks = 0;
  let going = false;

  const look = async () => {
    for (const watched of [...silences.keys()]) if (watched.look() === 'ended') silences.delete(watched);
    if (silences.size > 0 && looks++ % looksAPoll === 0) await poll();
    going = silences.size > 0;
    if (going) setTimeout(look, pollMs / looksAPoll);
  };

  const poll = async () => {
    try {
      tell(await sources[next]!());
    } catch (error) {
      for (const watched of [...silences.keys()]) watched.unanswered(error as Error);
    }
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
