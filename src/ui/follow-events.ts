/** Reads the events of a run while they are written, by this process or by another. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunEvent, RunStarted } from '../run/events.ts';

export interface FollowOptions {
  readonly signal?: AbortSignal;
}

/** The process that ran the workflow is gone, and did not say goodbye. */
export class EngineDied extends Error {
  override readonly name = 'EngineDied';
  readonly pid: number;

  constructor({ pid, run }: RunStarted) {
    super(`The engine of run ${run} (pid ${pid}) died before the run ended; run the workflow again to continue.`);
    this.pid = pid;
  }
}

const pollMs = 250;
const chunkBytes = 1 << 20;

/**
 * All events of a run so far, then those to come, in batches; ends after `run-finished`, or silently when aborted.
 * Waits for a file that is not there yet. A last line that is torn is read once it is whole.
 *
 * @throws {EngineDied} when the engine, on this machine, ended without `run-finished`.
 */
export async function* followEvents(
  runDirectory: string,
  { signal }: FollowOptions = {},
): AsyncGenerator<readonly RunEvent[]> {
  await using lines = new EventFile(join(runDirectory, 'events.jsonl'));
  let started: RunStarted | undefined;
  let dead = false;
  while (!signal?.aborted) {
    const events = await lines.read();
    if (events.length > 0) {
      yield events;
      if (events[0]!.type === 'run-started') started = events[0];
      if (events.at(-1)!.type === 'run-finished') return;
    } else if (dead) {
      throw new EngineDied(started!);
    } else {
      // What it wrote last may have come between the read and its death: read once more before saying so.
      dead = started !== undefined && !(await isAlive(started));
      if (!dead) await delay(pollMs, undefined, { signal }).catch(() => {});
    }
  }
}

/** The events of a run so far, in batches; does not wait. */
export async function* readEvents(runDirectory: string): AsyncGenerator<readonly RunEvent[]> {
  await using lines = new EventFile(join(runDirectory, 'events.jsonl'));
  for (let events = await lines.read(); events.length > 0; events = await lines.read()) yield events;
}

/** A growing file of JSON lines. */
class EventFile {
  readonly #path: string;
  #file: FileHandle | undefined;
  #torn: Buffer = Buffer.alloc(0);
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);

  constructor(path: string) {
    this.#path = path;
  }

  /** The next events, none when there are none yet. */
  async read(): Promise<readonly RunEvent[]> {
    this.#file ??= await openIfThere(this.#path);
    if (!this.#file) return [];
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#chunk, 0, chunkBytes);
      if (bytesRead === 0) return [];
      const text = Buffer.concat([this.#torn, this.#chunk.subarray(0, bytesRead)]);
      const end = text.lastIndexOf(0x0a) + 1;
      this.#torn = text.subarray(end);
      const events = text.toString('utf8', 0, end).split('\n').flatMap(parseEvent);
      if (events.length > 0) return events;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A line that a crash tore, with the next one behind it, is no event. */
function parseEvent(line: string): RunEvent[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as RunEvent];
  } catch {
    return [];
  }
}

/** Of another host nothing is known, so it counts as alive. */
async function isAlive({ pid, host }: RunStarted): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !(await isZombie(pid));
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
