/**
 * `cache/slurm/KEY`: all that one job of the cluster reads and writes, on the shared file system. It outlives the engine that submitted
 * the job, so that whoever works under the key's lock next finds the job and takes its result.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance } from '../../graph/plan.ts';
import type { Key } from '../../store/result.ts';
import type { Job } from '../executor.ts';
import { startScript } from './start-script.ts';

export interface JobFolder {
  readonly path: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly scratch: string;
  readonly events: string;
  readonly log: string;
}

/** Which task of which submission works in a folder. */
export interface Task {
  /** Name of the submission's job: unique, so that it is found even when sbatch's answer was lost. */
  readonly name: string;
  /** Index in its job array. */
  readonly index: number;
}

/** What the job wrote when it ended. */
export interface Sentinel {
  readonly code: number;
  readonly seconds: number;
}

export function jobFolder(directory: string, key: Key, outputs: Instance['outputs']): JobFolder {
  const path = join(directory, key);
  return {
    path,
    outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, join(path, 'outputs', name)])),
    scratch: join(path, 'scratch'),
    events: join(path, 'events.jsonl'),
    log: join(path, 'log'),
  };
}

/** Makes the folder anew, with what the job starts from. Only its owner may read it: handed-through variables are in it. */
export function prepareFolder(folder: JobFolder, job: Job, childEntry: string): void {
  rmSync(folder.path, { recursive: true, force: true });
  mkdirSync(folder.scratch, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder.path, 'start.sh'), startScript(folder, job, childEntry), { mode: 0o600 });
  if (job.command.kind === 'shell') {
    writeFileSync(join(folder.path, 'script.sh'), job.command.script, { mode: 0o600 });
  } else {
    const { module, request } = job.command;
    writeFileSync(join(folder.path, 'request.json'), JSON.stringify({ type: 'start', module, request }), {
      mode: 0o600,
    });
  }
  moveEntries(job.delivery.scratch, folder.scratch);
}

export function noteTask({ path }: JobFolder, task: Task): void {
  writeFileSync(join(path, 'owner'), `${task.name}\n`);
  writeFileSync(join(path, 'task.json'), JSON.stringify(task));
}

export function readTask({ path }: JobFolder): Task | undefined {
  return readJson(join(path, 'task.json')) as Task | undefined;
}

export function readSentinel({ path }: JobFolder): Sentinel | undefined {
  return readJson(join(path, 'exit')) as Sentinel | undefined;
}

/** What the stage's child said of itself at its end. */
export function readReport({ path }: JobFolder): {
  readonly message?: string;
  readonly cpuSeconds?: number;
  readonly peakMemory?: number;
} {
  return (readJson(join(path, 'report.json')) as ReturnType<typeof readReport> | undefined) ?? {};
}

/** Gives the store what the job made, and leaves nothing. */
export function deliver(folder: JobFolder, job: Job, succeeded: boolean): void {
  if (succeeded) {
    for (const [name, path] of Object.entries(folder.outputs)) {
      if (!existsSync(path)) continue;
      const target = job.delivery.outputs[name]!;
      rmSync(target, { recursive: true, force: true });
      renameSync(path, target);
    }
  }
  moveEntries(folder.scratch, job.delivery.scratch);
  rmSync(folder.path, { recursive: true, force: true });
}

function moveEntries(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) renameSync(join(from, name), join(to, name));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
