import { setTimeout as delay } from 'node:timers/promises';
import { slurm } from './programs.ts';

/** `gently`: the job is told to stop and may write a checkpoint first. */
export type CancelHow = 'gently' | 'now';

/** Jobs are cancelled in a burst, when a run is interrupted: so many milliseconds are waited for more of them. */
const gatherMs = 20;

/** So many ids fit into the words of one call. */
const mostIds = 2_000;

/** Jobs heed it by killing what they run at once: to a cancelled one Slurm gives half a minute (KillWait) otherwise. */
export const killSignal = 'USR2';

export interface Canceller {
  /** `failed` is called for those of a call that did not succeed. */
  cancel(id: string, how: CancelHow, failed: (error: Error) => void): void;
  /** Resolves once Slurm has answered all that it was asked. */
  answered(): Promise<void>;
}

/** Cancels jobs by their ids, many with one call of scancel. */
export function createCanceller(): Canceller {
  const calls = new Set<Promise<void>>();
  const waiting = { gently: [] as Request[], now: [] as Request[] };

  const flush = (how: CancelHow) => {
    const requests = waiting[how].splice(0);
    for (let from = 0; from < requests.length; from += mostIds) {
      const some = requests.slice(from, from + mostIds);
      const call = scancel(
        some.map(({ id }) => id),
        how,
      )
        .catch((error: Error) => {
          for (const { failed } of some) failed(error);
        })
        .finally(() => calls.delete(call));
      calls.add(call);
    }
  };
  return {
    cancel(id, how, failed) {
      if (waiting[how].length === 0) setTimeout(() => flush(how), gatherMs);
      waiting[how].push({ id, failed });
    },
    async answered() {
      await delay(gatherMs);
      await Promise.all(calls);
    },
  };
}

async function scancel(ids: readonly string[], how: CancelHow): Promise<void> {
  const signal = (name: string) => slurm('scancel', ['--batch', `--signal=${name}`, ...ids]);
  if (how === 'gently') {
    await signal('TERM');
    return;
  }
  // Those that do not run yet cannot be told.
  await signal(killSignal).catch(() => {});
  await slurm('scancel', ids);
}

interface Request {
  readonly id: string;
  failed(error: Error): void;
}
