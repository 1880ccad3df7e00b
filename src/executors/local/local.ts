import { writeFileSync } from 'node:fs';
import { shellQuote } from '../../shell-quote.ts';
import type { Executor, Job, JobListener, RunningJob } from '../executor.ts';
import { followEventLines } from './event-lines.ts';
import { shellExit } from './job-failure.ts';
import { signalGroup } from './process-group.ts';
import { type ShellWorker, startShellWorker } from './shell-worker.ts';
import { isSimpleCommand } from './simple-command.ts';
import { startStageProcess } from './stage-process.ts';
import { type Grace, type Supervised, supervise } from './supervise.ts';

const defaultGrace: Grace = { stopMs: 10_000, emptyMs: 1_000 };

/** Runs attempts on this machine, each in a process group of its own that ends when the engine does. */
export function createLocalExecutor(grace: Partial<Grace> = {}): Executor {
  const idle: ShellWorker[] = [];
  const timing = { ...defaultGrace, ...grace };

  const startShell = async (job: Job, script: string): Promise<Supervised> => {
    const at = idle.findLastIndex((worker) => worker.suits(job.env));
    const worker = idle.splice(at, at < 0 ? 0 : 1)[0] ?? startShellWorker(job.cwd, job.env);
    const { pid, end } = await worker.run({ command: commandFor(job, script), log: job.log, env: job.env });
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

/** Longest script that is given as an argument: Linux allows 128 KiB for one. */
const longestArgument = 100_000;

function commandFor(job: Job, script: string): string {
  if (script.length < longestArgument && isSimpleCommand(script)) return script.trim();
  return bashWords(job, script).map(shellQuote).join(' ');
}

function bashWords(job: Job, script: string): readonly string[] {
  const bash = ['bash', '-euo', 'pipefail'];
  if (Buffer.byteLength(script) < longestArgument) return [...bash, '-c', script];
  const file = `${job.log}.sh`;
  writeFileSync(file, script);
  return [...bash, file];
}
