import type { Failure } from '../../../run/events.ts';
import type { Job } from '../../executor.ts';
import { exitFailure, shellExit } from '../../local/job-failure.ts';
import { logTail } from '../../local/log-tail.ts';
import type { TaskState } from '../cluster/task-states.ts';
import type { Sentinel } from './job-folder.ts';

/** Why a job failed, in words and with what to do. `left`: its sentinel, if it left a whole one. */
export function taskFailure(
  task: TaskState | undefined,
  left: Sentinel | 'unwritten' | undefined,
  job: Job,
): Failure | undefined {
  const sentinel = left === 'unwritten' ? undefined : left;
  if (sentinel?.code === 0) return undefined;
  if (sentinel?.timedOut) return { ...timeoutFailure('', job), tail: logTail(job.log) };
  const slurms = task && stateFailure(task, job);
  if (slurms) return { ...slurms, tail: logTail(job.log) };
  if (sentinel) return exitFailure(shellExit(sentinel.code), job.log);
  if (left === 'unwritten') {
    return {
      reason: 'lost',
      message: 'its job could not write its exit code into the cache folder: make room on that disk, and run again',
      tail: logTail(job.log),
    };
  }
  const known = task ? `Slurm says ${task.state}` : 'Slurm does not know it any more';
  return {
    reason: 'lost',
    message: `its job ended without a word (${known}, and it left no exit code): see its log, and whether the node reaches the cache folder; then run again`,
    tail: logTail(job.log),
  };
}

function stateFailure({ state, reason, id }: TaskState, job: Job): Failure | undefined {
  const again = job.instance.resume ? 'run again: it goes on from its last checkpoint' : 'run again';
  switch (state) {
    case 'TIMEOUT':
    case 'DEADLINE':
      return timeoutFailure(`job ${id} `, job);
    case 'OUT_OF_MEMORY':
      return { reason: 'out-of-memory', message: `job ${id} ran out of memory and was killed: raise resources.memory` };
    case 'NODE_FAIL':
    case 'BOOT_FAIL':
      return { reason: 'lost', message: `the node of job ${id} failed (${state}): ${again}, or set retry.attempts` };
    case 'PREEMPTED':
      return {
        reason: 'lost',
        message: `job ${id} had to make room for a more urgent one (PREEMPTED): ${again}, or set retry.attempts`,
      };
    case 'CANCELLED':
      return { reason: 'cancelled', message: `job ${id} was cancelled in Slurm (${reason || 'scancel'}): ${again}` };
    default:
      return undefined;
  }
}

function timeoutFailure(who: string, { timeoutMs, instance }: Job): Failure {
  const [limit, remedy] =
    timeoutMs === undefined
      ? ["the partition's time limit", 'set its timeout, or choose a partition that allows more']
      : [`${timeoutMs / 1000} s`, 'raise its timeout'];
  const resumed = instance.resume ? ', and run again: it goes on from its last checkpoint' : '';
  return { reason: 'timeout', message: `${who}did not finish within ${limit}: ${remedy}${resumed}` };
}

const hopeless =
  /^(Partition(Node|Time)Limit|PartitionInactive|BadConstraints|JobHeld|DependencyNeverSatisfied|QOSMax|AssocMax|InvalidAccount|InvalidQOS|ReqNodeNotAvail|launch failed)/;

/** Why a job may wait for ever, as Slurm calls it; undefined while it only waits for its turn. */
export function hindrance({ state, reason }: TaskState): string | undefined {
  return state === 'PENDING' && hopeless.test(reason) ? reason : undefined;
}
