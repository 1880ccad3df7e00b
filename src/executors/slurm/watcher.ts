import type { Task } from './job-folder.ts';
import { queuedTasks, rememberedTasks, type States, type TaskState, taskName } from './queue.ts';

export interface Watched {
  readonly task: Task;
  /** Has the job left its sentinel? Then its state is asked for no more, unless the job failed. */
  look(): 'ended' | 'going';
  /** A state of the queue; `undefined`: nobody knows the job, for `silentPolls` polls by now. */
  take(state: TaskState | undefined, silentPolls: number): void;
  unanswered(error: Error): void;
}

/** Looks at all jobs with one call of squeue a poll; those that nobody knows there are looked up where more is remembered. */
export function createWatcher(pollMs: number): { add(watched: Watched): () => void } {
  const all = new Map<Watched, number>();
  let polling = false;

  const poll = async () => {
    for (const watched of [...all.keys()]) if (watched.look() === 'ended') all.delete(watched);
    if (all.size > 0) {
      try {
        const states = await queuedTasks();
        // Those of whom squeue does not tell; their sentinel may have come while it was asked.
        const lost = [...all.keys()].filter((watched) => all.has(watched) && !states.has(nameOf(watched)));
        const silent = lost.filter((watched) => watched.look() !== 'ended');
        const remembered: States = silent.length > 0 ? await rememberedTasks() : new Map();
        for (const watched of [...all.keys()]) {
          const state = states.get(nameOf(watched)) ?? remembered.get(nameOf(watched));
          const silence = state || !lost.includes(watched) ? 0 : all.get(watched)! + 1;
          all.set(watched, silence);
          watched.take(state, silence);
        }
      } catch (error) {
        for (const watched of [...all.keys()]) watched.unanswered(error as Error);
      }
    }
    polling = all.size > 0;
    if (polling) setTimeout(poll, pollMs);
  };
  return {
    add(watched) {
      all.set(watched, 0);
      if (!polling) setTimeout(poll, Math.min(pollMs, 200));
      polling = true;
      return () => void all.delete(watched);
    },
  };
}

const nameOf = ({ task }: Watched) => taskName(task.name, task.index);
