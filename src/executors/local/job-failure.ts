import { readFileSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import type { Failure } from '../../run/events.ts';
import { logTail } from './log-tail.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a shell reports a command that a signal ended: 128 and the signal's number. */
export function shellExit(code: number): Exit {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return code > 128 && signal ? { code: null, signal: signal as NodeJS.Signals } : { code, signal: null };
}

/** Why an attempt failed, as far as its exit and the end of its log tell. */
export function exitFailure(exit: Exit, log: string): Failure | undefined {
  if (exit.code === 0) return undefined;
  const tail = logTail(log);
  const facts = {
    tail,
    ...(exit.code === null ? {} : { exitCode: exit.code }),
    ...(exit.signal && { signal: exit.signal }),
  };
  if (saysDiskFull(tail) || isFull(log)) {
    return { reason: 'disk-full', message: 'the disk is full: free space (kumiki cache gc) and run again', ...facts };
  }
  if (
    tail.some((line) => line.includes('JavaScript heap out of memory')) ||
    (exit.signal === 'SIGKILL' && wasOomKilled())
  ) {
    return {
      reason: 'out-of-memory',
      message: 'ran out of memory and was killed: give it more, or raise resources.memory so that less runs beside it',
      ...facts,
    };
  }
  if (exit.signal) return { reason: 'signal', message: `was ended by ${exit.signal}`, ...facts };
  return { reason: 'exit', message: `exited with ${exit.code}`, ...facts };
}

function saysDiskFull(tail: readonly string[]): boolean {
  return tail.some((line) => line.includes('No space left on device') || line.includes('Disk quota exceeded'));
}

/** The log lies where outputs are written: where there is no room, the stage could not even say so. */
function isFull(log: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(log);
    return bavail * bsize < leastRoom;
  } catch {
    return false;
  }
}

const leastRoom = 64 * 1024;

let oomKills = countOomKills();

/** Whether the kernel killed a process for want of memory since the last look. */
function wasOomKilled(): boolean {
  const before = oomKills;
  oomKills = countOomKills();
  return oomKills > before;
}

function countOomKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
