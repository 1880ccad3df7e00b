/**
 * Everything that can happen in a run, one JSON line each in `cache/runs/RUN/events.jsonl`.
 * The terminal UI, the plain reporter, `--json`, `kumiki logs`, `status` and the report read only this.
 * Fields are added, never renamed; a change of meaning raises `eventFormat`.
 */
import type { Json } from '../graph/plan.ts';
import type { Held } from '../stage/held.ts';
import type { Key } from '../store/result.ts';

export const eventFormat = 1;

export type RunEvent = { readonly time: number /* ms since the epoch */ } & (
  | RunStarted
  | InstancesCached
  | InstanceWaiting
  | AttemptStarted
  | Progress
  | Metric
  | AttemptFinished
  | InstanceFinished
  | Warning
  | Conclusion
  | Holds
  | Interrupted
  | Published
  | ResultsMoved
  | RunFinished
);

/** First line. `groups` lists what was selected, in the plan's order, by stage. */
export interface RunStarted {
  readonly type: 'run-started';
  readonly format: typeof eventFormat;
  readonly run: string;
  /** What the person who started it called the run. */
  readonly name?: string;
  /** What the workflow calls itself. */
  readonly title?: string;
  readonly workflow: string;
  readonly root: string;
  readonly pid: number;
  readonly host: string;
  readonly kumiki: string;
  readonly arguments: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly groups: readonly {
    readonly stage: string;
    readonly axes: readonly string[];
    readonly instances: readonly string[];
  }[];
  /** Pairs of stage names: the second reads from the first. */
  readonly edges: readonly (readonly [string, string])[];
}

/** Results that were there already; many in one line. Keys and ids in the same order. */
export interface InstancesCached {
  readonly type: 'instances-cached';
  readonly instances: readonly string[];
  readonly keys: readonly Key[];
}

/** Another process builds the same key; this one waits for it. */
export interface InstanceWaiting {
  readonly type: 'instance-waiting';
  readonly instance: string;
  readonly key: Key;
  readonly holder: { readonly pid: number; readonly host: string };
}

export interface AttemptStarted {
  readonly type: 'attempt-started';
  readonly instance: string;
  readonly key: Key;
  readonly attempt: number;
  /** Leader of the attempt's process group, if it runs on the engine's machine. */
  readonly pid?: number;
  /** Absolute path of the attempt's log. */
  readonly log: string;
  readonly executor: string;
  readonly resources: Readonly<Record<string, number>>;
  /** Set when unfinished work of an earlier attempt was found and is continued. */
  readonly resumed?: true;
}

export interface Progress {
  readonly type: 'progress';
  readonly instance: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
}

export interface Metric {
  readonly type: 'metric';
  readonly instance: string;
  readonly name: string;
  readonly value: number;
  readonly step?: number;
}

export type FailureReason =
  | 'exit'
  | 'signal'
  | 'timeout'
  | 'out-of-memory'
  | 'missing-output'
  | 'undeclared-output'
  | 'bad-output'
  | 'input-changed'
  | 'store-changed'
  | 'background-process'
  | 'cannot-start'
  | 'disk-full'
  | 'cancelled'
  | 'lost';

export interface Failure {
  readonly reason: FailureReason;
  /** One sentence for people: what happened, and what to do. */
  readonly message: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Last lines of the log. */
  readonly tail?: readonly string[];
}

export interface AttemptFinished {
  readonly type: 'attempt-finished';
  readonly instance: string;
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  readonly failure?: Failure;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  readonly peakMemory?: number;
  /** Set when another attempt will follow after this many milliseconds. */
  readonly retryInMs?: number;
}

/** How an instance ended. `built`: ran; `shared`: another process or an equal instance of this run made it. */
export interface InstanceFinished {
  readonly type: 'instance-finished';
  readonly instance: string;
  readonly state: 'built' | 'shared' | 'cached' | 'failed' | 'cancelled' | 'skipped';
  readonly key?: Key;
  /** Bytes of all outputs. */
  readonly size?: number;
  /** Of a shared one that was fetched: the remote that it is from. */
  readonly from?: string;
  readonly failure?: Failure;
  /** Of a skipped one: the instance whose failure it hangs on; with --fail-fast, the first that failed. */
  readonly because?: string;
  /** Set when a rebuild gave other bytes than the manifest had said. */
  readonly irreproducible?: readonly { readonly output: string; readonly before: string; readonly now: string }[];
}

export interface Warning {
  readonly type: 'warning';
  readonly instance?: string;
  readonly message: string;
}

/** Lines that an instance wants the run to end with; of several, its last ones count. */
export interface Conclusion {
  readonly type: 'conclusion';
  readonly instance: string;
  readonly text: string;
}

/** What an attempt would leave behind if it were killed from now on; `held` is left out once that is nothing. */
export interface Holds {
  readonly type: 'holds';
  readonly instance: string;
  readonly held?: Held;
}

/** First Ctrl-C: nothing new starts, running ones may finish a checkpoint. Second: stopped now. */
export interface Interrupted {
  readonly type: 'interrupted';
  readonly level: 1 | 2;
  /** After the first: what the run still waits for that is no stage, in words; once for each. */
  readonly waitsFor?: string;
}

export interface Published {
  readonly type: 'published';
  readonly destination: string;
  readonly instance: string;
  readonly output: string;
}

/** Results that a remote gave or took; while they move, once a second. Fetched ones count as cached from then on. */
export interface ResultsMoved {
  readonly type: 'results-moved';
  readonly direction: 'pulled' | 'pushed';
  readonly remote: string;
  readonly results: number;
  readonly bytes: number;
  /** Only while they move: how many there are to move, how many bytes, and seconds that anything was under way. */
  readonly of?: number;
  readonly ofBytes?: number;
  readonly seconds?: number;
}

export interface RunFinished {
  readonly type: 'run-finished';
  readonly outcome: 'done' | 'failed' | 'interrupted';
  /** Of the process: 0, 1, 2 or 130. */
  readonly exitCode: number;
  readonly seconds: number;
  readonly counts: Readonly<Record<InstanceFinished['state'], number>>;
}

/** What a screen may ask of a running engine: one JSON line each, appended to `cache/runs/RUN/control.jsonl`. */
export type ControlRequest =
  | { readonly type: 'retry'; readonly instance: string }
  | { readonly type: 'cancel'; readonly instance: string }
  /** `detach`: what runs on a cluster goes on there without the engine. */
  | { readonly type: 'interrupt'; readonly detach?: boolean };

export type JsonObject = { readonly [key: string]: Json };
