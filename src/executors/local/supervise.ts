import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../../run/events.ts';
import type { Job, JobEnd, RunningJob } from '../executor.ts';
import { type Exit, exitFailure } from './job-failure.ts';
import { logTail } from './log-tail.ts';
import { sampleMemory } from './memory-sampler.ts';
import { isGroupAlive, signalGroup } from './process-group.ts';

export interface Supervised {
  /** Leader of the attempt's process group. */
  readonly pid: number;
  readonly exit: Promise<
    Exit & { readonly failure?: Failure; readonly cpuSeconds?: number; readonly peakMemory?: number }
  >;
}

export interface Grace {
  /** From SIGTERM to SIGKILL after a timeout. */
  readonly stopMs: number;
  /** For the rest of a process group, e.g. a `>(gzip)`, once its leader has ended. */
  readonly emptyMs: number;
}

/** Watches over one process group: its time limit, its memory, its end, and what it leaves behind. */
export function supervise(job: Job, child: Supervised, grace: Grace): RunningJob {
  const started = performance.now();
  const memory = sampleMemory(child.pid);
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  if (job.timeoutMs !== undefined) {
    timers.push(
      setTimeout(() => {
        timedOut = true;
        signalGroup(child.pid, 'SIGTERM');
        timers.push(setTimeout(() => signalGroup(child.pid, 'SIGKILL'), grace.stopMs));
      }, job.timeoutMs),
    );
  }
  const finish = async (): Promise<JobEnd> => {
    const exit = await child.exit;
    for (const timer of timers) clearTimeout(timer);
    const seconds = (performance.now() - started) / 1000;
    const peakMemory = highest(memory.stop(), exit.peakMemory);
    const emptied = await groupEmpties(child.pid, grace.emptyMs);
    const failure = timedOut
      ? timeoutFailure(job)
      : exit.failure
        ? { ...exit.failure, tail: logTail(job.log) }
        : (exitFailure(exit, job.log) ?? (emptied ? undefined : backgroundFailure));
    return {
      seconds,
      ...(failure && { failure }),
      ...(exit.cpuSeconds !== undefined && { cpuSeconds: exit.cpuSeconds }),
      ...(peakMemory !== undefined && { peakMemory }),
    };
  };
  return {
    pid: child.pid,
    end: finish(),
    stop: (how) => signalGroup(child.pid, how === 'gently' ? 'SIGTERM' : 'SIGKILL'),
  };
}

/** Waits until nothing of the group runs; kills what is left after the grace and says false. */
async function groupEmpties(group: number, graceMs: number): Promise<boolean> {
  const deadline = performance.now() + graceMs;
  let pause = 1;
  while (isGroupAlive(group)) {
    if (performance.now() > deadline) {
      do {
        signalGroup(group, 'SIGKILL');
        await delay(5);
      } while (isGroupAlive(group));
      return false;
    }
    await delay(pause);
    pause = Math.min(pause * 2, 100);
  }
  return true;
}

const backgroundFailure: Failure = {
  reason: 'background-process',
  message: 'left a process running in the background, which was killed: end it or wait for it before the stage ends',
};

function timeoutFailure(job: Job): Failure {
  return {
    reason: 'timeout',
    message: `did not finish within ${(job.timeoutMs ?? 0) / 1000} s: raise its timeout, or find out what it waits for`,
    tail: logTail(job.log),
  };
}

function highest(...values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
