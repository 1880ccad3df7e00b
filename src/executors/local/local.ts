import { writeFileSync } from 'node:fs';
import type { Executor, Job, JobListener, RunningJob } from '../executor.ts';
import { bashCommand } from './bash-command.ts';
import { followEventLines } from './event-lines.ts';
import { shellExit } from './job-failure.ts';
import { signalGroup } from './process-group.ts';
import { type ShellWorker, startShellWorker } from './shell-worker.ts';
import { startStageProcess } from './stage-process.ts';
import { type Grace, type Supervised, supervise } from './supervise.ts';

const defaultGrace: Grace = { stopMs: 10_000, emptyMs: 1_000 };

/** Runs attempts on this machine, each in a process group of its own that ends when the engine does. */
export function createLocalExecutor(grace: Partial<Grace> = {}): Executor {
  const idle: ShellWorker[] = [];
  const timing = { ...defaultGrace, ...grace };

  const startShell = async (job: Job, script: string): Promise<Supervised> => {
    const command = { command: bashCommand(script, (text) => writeScript(job, text)), log: job.log, env: job.env };
    const at = idle.findLastIndex((worker) => worker.suits(job.env));
    const reused = at < 0 ? undefined : idle.splice(at, 1)[0];
    let worker = reused ?? startShellWorker(job.cwd, job.env);
    const { pid, end } = await worker.run(command).catch((error: Error) => {
      if (worker !== reused) throw error;
      // It was killed while it had nothing to do: the command has not begun.
      worker = startShellWorker(job.cwd, job.env);
      return worker.run(command);
    });
    const exit = end.then(
      ({ status, cpuSeconds }) => {
        idle.push(worker);
        return { ...shellExit(status), cpuSeconds };
      },
      (error: Error) => {
        signalGroup(pid, 'SIGKILL');
        return { code: null, signal: null, failure: { reason: 'lost' as const, message: error.message } };
      },
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

function writeScript({ log }: Job, script: string): string {
  const file = `${log}.sh`;
  writeFileSync(file, script);
  return file;
}
