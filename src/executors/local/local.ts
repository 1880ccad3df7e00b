import type { Executor, Job, JobListener, RunningJob } from '../executor.ts';
import { followEventLines } from './event-lines.ts';
import { shellExit } from './job-failure.ts';
import { type ShellWorker, startShellWorker } from './shell-worker.ts';
import { startStageProcess } from './stage-process.ts';
import { type Grace, type Supervised, supervise } from './supervise.ts';

const defaultGrace: Grace = { stopMs: 10_000, emptyMs: 1_000 };

/** Runs attempts on this machine, each in a process group of its own that ends when the engine does. */
export function createLocalExecutor(grace: Partial<Grace> = {}): Executor {
  const idle: ShellWorker[] = [];
  const timing = { ...defaultGrace, ...grace };

  const startShell = async (job: Job, script: string): Promise<Supervised> => {
    const worker = idle.pop() ?? startShellWorker(job.cwd);
    const { pid, end } = await worker.run({ script, log: job.log, env: job.env });
    const exit = end.then(
      ({ status, cpuSeconds }) => {
        idle.push(worker);
        return { ...shellExit(status), cpuSeconds };
      },
      (error: Error) => ({ code: null, signal: null, failure: { reason: 'lost' as const, message: error.message } }),
    );
    return { pid, exit };
  };

  return {
    name: 'local',
    async start(job: Job, listener: JobListener): Promise<RunningJob> {
      if (job.command.kind === 'stage') {
        const { module, request } = job.command;
        return supervise(job, await startStageProcess(job, module, request, listener), timing);
      }
      const child = await startShell(job, job.command.script);
      const events = followEventLines(job.command.events, listener);
      const running = supervise(job, child, timing);
      return { ...running, end: running.end.finally(events.stop) };
    },
    close() {
      for (const worker of idle.splice(0)) worker.close();
    },
  };
}
