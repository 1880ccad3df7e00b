/** The runs of a cache folder, as their folders tell of them. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RunFinished } from '../events.ts';

export interface RunRecord {
  readonly id: string;
  readonly directory: string;
  readonly name?: string;
  /** Absolute path. */
  readonly workflow: string;
  /** Of its workspace. */
  readonly root: string;
  readonly started: string;
  readonly pid: number;
  readonly host: string;
  readonly arguments: readonly string[];
  /** `running` on another host is taken at its word; `died`: the engine is gone and did not say goodbye. */
  readonly state: 'running' | 'died' | RunFinished['outcome'];
  readonly finished?: RunFinished;
}

/** Newest first; folders that hold no readable `run.json` are left out. */
export function listRuns(cache: string): readonly RunRecord[] {
  const runs = runIds(cache).flatMap((id) => readRun(cache, id) ?? []);
  return runs.sort((a, b) => (a.started < b.started ? 1 : a.started > b.started ? -1 : 0));
}

/** The run of this id or name; of several with one name, the newest. */
export function findRun(cache: string, word: string): RunRecord | undefined {
  return readRun(cache, word) ?? listRuns(cache).find(({ name }) => name === word);
}

function runIds(cache: string): readonly string[] {
  try {
    return readdirSync(join(cache, 'runs'));
  } catch {
    return [];
  }
}

function readRun(cache: string, id: string): RunRecord | undefined {
  const directory = join(cache, 'runs', id);
  const facts = readFacts(join(directory, 'run.json'));
  if (!facts) return undefined;
  const finished = readFinish(join(directory, 'events.jsonl'));
  const state = finished?.outcome ?? (isAlive(facts) ? 'running' : 'died');
  return { ...facts, id, directory, state, ...(finished && { finished }) };
}

type Facts = Omit<RunRecord, 'id' | 'directory' | 'state' | 'finished'>;

function readFacts(file: string): Facts | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Facts;
  } catch {
    return undefined;
  }
}

const lastLineBytes = 4096;

/** The last line of the events, if it is `run-finished`. */
function readFinish(file: string): RunFinished | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const end = Buffer.alloc(lastLineBytes);
    const from = Math.max(0, fstatSync(descriptor).size - lastLineBytes);
    const text = end.toString('utf8', 0, readSync(descriptor, end, 0, lastLineBytes, from));
    const event = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as { type: string };
    return event.type === 'run-finished' ? (event as RunFinished) : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function isAlive({ pid, host }: Facts): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
