/** Where an attempt runs: this machine, a Slurm cluster, a TPU VM. The scheduler knows only this. */
import type { Instance } from '../graph/plan.ts';
import type { Failure } from '../run/events.ts';
import type { Held } from '../stage/held.ts';
import type { StageRequest } from '../stage/messages.ts';
import type { Key } from '../store/result.ts';

export interface Job {
  readonly instance: Instance;
  readonly key: Key;
  readonly attempt: number;
  /** Working directory: the workspace root. */
  readonly cwd: string;
  /** Complete: nothing of the engine's own environment is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly command: JobCommand;
  /** Standard output and error go here, both. */
  readonly log: string;
  readonly timeoutMs?: number;
  /**
   * A signal that is aborted when a job that waits to be started shall not start any more; one that runs is stopped by `RunningJob.stop`.
   * Made when asked for: most jobs never wait, and ten thousand such signals hold tens of megabytes.
   */
  stopping(): AbortSignal;
  /** Results in the store that it reads: what goes on without the engine needs them still. */
  readonly reads: readonly Key[];
  /** Where the store wants the outputs, and keeps the unfinished work of a resumable stage; the command may be told other places, see `Executor.place`. */
  readonly delivery: { readonly outputs: Readonly<Record<string, string>>; readonly scratch?: string };
}

export type JobCommand =
  /** A complete bash script, values already quoted. `events`: a file that the script may write JSON lines to. */
  | { readonly kind: 'shell'; readonly script: string; readonly events: string }
  /** A stage module run by `src/stage/child.ts`, with absolute paths. */
  | { readonly kind: 'stage'; readonly module: string; readonly request: StageRequest };

export interface JobListener {
  progress(done: number, total: number | undefined, unit: string): void;
  metric(name: string, value: number, step: number | undefined): void;
  warning(message: string): void;
  conclusion(text: string): void;
  /** What it would leave behind if it were killed now; undefined: nothing. */
  holds(held: Held | undefined): void;
}

export interface JobEnd {
  readonly failure?: Failure;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  readonly peakMemory?: number;
}

export interface RunningJob {
  /** Leader of its process group, if it runs on this machine. */
  readonly pid?: number;
  /** Resolves once nothing of the attempt runs any more; never rejects for what a user can cause. */
  readonly end: Promise<JobEnd>;
  /** Ask it to stop (it may write a checkpoint), or stop it now. */
  stop(how: 'gently' | 'now'): void;
  /** Leaves it to itself, where it can do without the engine: it ends as cancelled here, and goes on there. */
  detach?(): void;
}

/** Absolute paths that a command is told. */
export interface Place {
  readonly outputs: Readonly<Record<string, string>>;
  readonly scratch: string;
  readonly events: string;
}

export interface Executor {
  readonly name: string;
  /** Rejects only if the machine cannot start a process at all. */
  start(job: Job, listener: JobListener): Promise<RunningJob>;
  /** Where the commands of a key work, if not in the store's folders of the attempt. */
  place?(key: Key, instance: Instance): Place;
  /** After `stop`: what cannot be seen to end at once is waited for no more. It is warned about, and its attempts end as cancelled. */
  abandon?(): void;
  /** Ends what the executor keeps for itself; nothing runs any more. */
  close?(): void | Promise<void>;
}

/** Of a job that somebody stopped. */
export const wasStopped: Failure = { reason: 'cancelled', message: 'was stopped' };
