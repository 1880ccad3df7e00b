/**
 * `cache/slurm/KEY`: all that one job of the cluster reads and writes, on the shared file system. It outlives the engine that submitted
 * the job, so that whoever works under the key's lock next finds the job and takes its result.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance } from '../../../graph/plan.ts';
import { shellQuote } from '../../../shell-quote.ts';
import type { Key } from '../../../store/result.ts';
import type { Job } from '../../executor.ts';
import { bashCommand } from '../../local/bash-command.ts';
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
  readonly timedOut: boolean;
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
export function prepareFolder(folder: JobFolder, job: Job, task: Task, childEntry: string): void {
  if (job.instance.resume) takeBack(folder, job.delivery.scratch);
  rmSync(folder.path, { recursive: true, force: true });
  for (const path of [folder.path, folder.scratch, join(folder.path, 'outputs')]) mkdirSync(path, { mode: 0o700 });
  for (const [name, kind] of Object.entries(job.instance.outputs)) {
    if (kind === 'directory') mkdirSync(folder.outputs[name]!);
  }
  write(folder, 'start.sh', startScript(folder, job, commandOf(folder, job, childEntry)));
  moveEntries(job.delivery.scratch, folder.scratch);
  write(folder, 'task', `${task.name}/${task.index}\n${job.reads.map((key) => `${key}\n`).join('')}`);
}

/** The command as the shell takes it; what does not fit into it is written beside it. */
function commandOf(folder: JobFolder, { command }: Job, childEntry: string): string {
  if (command.kind === 'shell') return bashCommand(command.script, (script) => write(folder, 'script.sh', script));
  const request = { type: 'start', module: command.module, request: command.request };
  const words = [process.execPath, childEntry, write(folder, 'request.json', JSON.stringify(request))];
  return [...words, folder.events, join(folder.path, 'report.json')].map(shellQuote).join(' ');
}

function write({ path }: JobFolder, name: string, text: string): string {
  const file = join(path, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** The task that works in a folder, and the results that it reads. */
export function readTask({ path }: Pick<JobFolder, 'path'>): (Task & { readonly reads: readonly Key[] }) | undefined {
  try {
    const [line = '', ...reads] = readFileSync(join(path, 'task'), 'utf8').trimEnd().split('\n');
    const [, name, index] = /^(.+)\/(\d+)$/.exec(line) ?? [];
    return name === undefined ? undefined : { name, index: Number(index), reads };
  } catch {
    return undefined;
  }
}

export function readSentinel({ path }: Pick<JobFolder, 'path'>): Sentinel | undefined {
  return readJson(join(path, 'exit')) as Sentinel | undefined;
}

/** The engine cancelled its job and did not wait for the end: that it failed says nothing. */
export function noteCancelled({ path }: JobFolder): void {
  writeFileSync(join(path, 'cancelled'), '');
}

export function wasCancelled({ path }: JobFolder): boolean {
  return existsSync(join(path, 'cancelled'));
}

/** What the stage's child said of itself at its end. */
export function readReport({ path }: JobFolder): {
  readonly message?: string;
  readonly cpuSeconds?: number;
  readonly peakMemory?: number;
} {
  return (readJson(join(path, 'report.json')) as ReturnType<typeof readReport> | undefined) ?? {};
}

/** Gives the store what the job made; the rest of the folder moves to `trash` at once. */
export function deliver(folder: JobFolder, job: Job, succeeded: boolean, trash: string): void {
  if (succeeded) {
    for (const [name, path] of Object.entries(folder.outputs)) {
      if (!existsSync(path)) continue;
      const target = job.delivery.outputs[name]!;
      rmSync(target, { recursive: true, force: true });
      renameSync(path, target);
    }
  }
  moveEntries(folder.scratch, job.delivery.scratch);
  renameSync(folder.path, trash);
}

/** What a job left that Slurm has forgotten, its checkpoints perhaps, unless something later is there. */
function takeBack({ scratch: left }: JobFolder, scratch: string): void {
  if (readdirSync(scratch).length === 0) moveEntries(left, scratch);
}

function moveEntries(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) renameSync(join(from, name), join(to, name));
}

/** Mostly there is no such file: asking first costs less than an exception. */
function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
