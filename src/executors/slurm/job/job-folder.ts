/**
 * `cache/slurm/KEY`: all that one job of the cluster reads and writes, on the shared file system. It outlives the engine that submitted
 * the job, so that whoever works under the key's lock next finds the job and takes its result. No output begins with a dot: what
 * does is the engine's. Of a thousand small jobs, making and removing files is most of the work, so there are few.
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
  /** The attempt's log is another name of the same file. */
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
    outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, join(path, name)])),
    scratch: join(path, '.scratch'),
    events: join(path, '.events.jsonl'),
    log: join(path, '.log'),
  };
}

/** Makes the folder anew, with what the job starts from. Only its owner may read it: handed-through variables are in it. */
export function prepareFolder(folder: JobFolder, job: Job, task: Task, childEntry: string): void {
  const { scratch } = job.delivery;
  if (scratch !== undefined) takeBack(folder, scratch);
  rmSync(folder.path, { recursive: true, force: true });
  for (const path of [folder.path, folder.scratch]) mkdirSync(path, { mode: 0o700 });
  for (const [name, kind] of Object.entries(job.instance.outputs)) {
    if (kind === 'directory') mkdirSync(folder.outputs[name]!);
  }
  if (scratch !== undefined) moveEntries(scratch, folder.scratch);
  writeFileSync(folder.log, '');
  const script = startScript(folder, job, commandOf(folder, job, childEntry));
  // Last: with this file the folder is the task's.
  write(
    folder,
    startFile,
    `${[`${task.name}/${task.index}`, ...job.reads].map((word) => `# ${word}\n`).join('')}${script}`,
  );
}

/** The command as the shell takes it; what does not fit into it is written beside it. */
function commandOf(folder: JobFolder, { command }: Job, childEntry: string): string {
  if (command.kind === 'shell') return bashCommand(command.script, (script) => write(folder, '.script.sh', script));
  const request = { type: 'start', module: command.module, request: command.request };
  const words = [process.execPath, childEntry, write(folder, '.request.json', JSON.stringify(request))];
  return [...words, folder.events, join(folder.path, '.report.json')].map(shellQuote).join(' ');
}

function write({ path }: JobFolder, name: string, text: string): string {
  const file = join(path, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Begins with a comment for the task and each result that it reads. */
export const startFile = '.start.sh';

/** The task that works in a folder, and the results that it reads. */
export function readTask({ path }: Pick<JobFolder, 'path'>): (Task & { readonly reads: readonly Key[] }) | undefined {
  const head = /^# (.+)\/(\d+)\n((?:# .+\n)*)/.exec(readText(join(path, startFile)) ?? '');
  if (!head) return undefined;
  const [, name = '', index, reads = ''] = head;
  return { name, index: Number(index), reads: reads.match(/[0-9a-f]{64}/g) ?? [] };
}

export function readSentinel({ path }: Pick<JobFolder, 'path'>): Sentinel | undefined {
  return readJson(join(path, '.exit')) as Sentinel | undefined;
}

/** The node could make the file of the sentinel, but not write into it. */
export function leftUnwritten({ path }: Pick<JobFolder, 'path'>): boolean {
  return readText(join(path, '.exit')) === '';
}

/** The engine cancelled its job and did not wait for the end: that it failed says nothing. */
export function noteCancelled({ path }: JobFolder): void {
  writeFileSync(join(path, '.cancelled'), '');
}

export function wasCancelled({ path }: JobFolder): boolean {
  return existsSync(join(path, '.cancelled'));
}

/** What the stage's child said of itself at its end. */
export function readReport({ path }: JobFolder): {
  readonly message?: string;
  readonly cpuSeconds?: number;
  readonly peakMemory?: number;
} {
  return (readJson(join(path, '.report.json')) as ReturnType<typeof readReport> | undefined) ?? {};
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
  if (job.delivery.scratch !== undefined) moveEntries(folder.scratch, job.delivery.scratch);
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
function readText(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readJson(file: string): unknown {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
