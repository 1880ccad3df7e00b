import { fork, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder } from '../../compiled-folder.ts';
import type { Failure } from '../../run/events.ts';
import type { ChildMessage, ParentMessage, StageRequest } from '../../stage/messages.ts';
import type { Job, JobListener } from '../executor.ts';
import type { Supervised } from './supervise.ts';

const childEntry = join(compiledFolder, 'src/stage/child.js');

/**
 * Runs a stage module in a child process that leads a group of its own. The child does nothing before it has its request, which
 * is sent once a guard watches the group; so there is no moment at which the engine's death could leave it behind.
 */
export async function startStageProcess(
  job: Job,
  module: string,
  request: StageRequest,
  listener: JobListener,
): Promise<Supervised> {
  const log = openSync(job.log, 'a');
  const child = fork(childEntry, [], {
    cwd: job.cwd,
    env: job.env,
    execArgv: [],
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const pid = await spawned(child);
  const guard = watchGroup(pid);
  let failure: Failure | undefined;
  let usage: { cpuSeconds: number; peakMemory: number } | undefined;
  child.on('message', (message: ChildMessage) => {
    switch (message.type) {
      case 'progress':
        return listener.progress(message.done, message.total, message.unit);
      case 'metric':
        return listener.metric(message.name, message.value, message.step);
      case 'warning':
        return listener.warning(message.message);
      case 'conclusion':
        return listener.conclusion(message.text);
      case 'holds':
        return listener.holds(message.held);
      case 'failed':
        failure = { reason: 'exit', message: message.message, exitCode: 1 };
        return;
      case 'usage':
        usage = { cpuSeconds: message.cpuSeconds, peakMemory: message.peakMemory };
    }
  });
  const start: ParentMessage = { type: 'start', module, request };
  child.send(start, () => {});
  const exit = new Promise<Awaited<Supervised['exit']>>((resolve) => {
    child.on('close', (code, signal) => {
      guard.end();
      resolve({ code, signal, ...(failure && { failure }), ...usage });
    });
  });
  return { pid, exit };
}

function spawned(child: ReturnType<typeof fork>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid as number));
    child.once('error', reject);
  });
}

/** A process that kills the group when the engine dies: it reads from a pipe that only the engine holds open. */
function watchGroup(group: number): { end(): void } {
  const guard = spawn('bash', ['-c', 'read -r end || kill -KILL -- "-$1"', 'kumiki-guard', String(group)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  return { end: () => void guard.stdin.end('end\n') };
}
