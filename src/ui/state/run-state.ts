/** What a run looks like at a moment. */
import type { Failure, InstanceFinished, ResultsMoved, RunStarted } from '../../run/events.ts';
import type { MovedSoFar } from '../moved-text.ts';
import type { Series } from './series.ts';

export type Status = 'pending' | 'waiting' | 'running' | 'retrying' | InstanceFinished['state'];

export interface RunState {
  readonly started?: RunStarted;
  /** Milliseconds since the epoch: of the first and of the last event. */
  readonly startedAt: number;
  readonly time: number;
  /** In the plan's order. */
  readonly groups: readonly GroupState[];
  readonly counts: Counts;
  /** Of each pool, what running attempts were granted. */
  readonly inUse: Readonly<Record<string, number>>;
  /** The last few, newest last. */
  readonly warnings: readonly { readonly instance?: string; readonly message: string }[];
  /** By instance, in the order in which they came. */
  readonly conclusions: Readonly<Record<string, string>>;
  readonly published: readonly string[];
  /** Results on their way from and to a remote. */
  readonly moving: Readonly<Partial<Record<ResultsMoved['direction'], MovedSoFar>>>;
  /** An attempt was started on a cluster, where it could go on without the engine. */
  readonly onCluster: boolean;
  /** What running attempts hold that would go on without the engine, by instance. */
  readonly goingOn: Readonly<Record<string, string>>;
  /** How many Ctrl-C reached the engine. */
  readonly interrupted: 0 | 1 | 2;
  /** What an interrupted run last said that it waits for. */
  readonly waitsFor?: string | undefined;
  readonly finished?: { readonly outcome: 'done' | 'failed' | 'interrupted'; readonly exitCode: number };
}

export type Counts = Readonly<Record<Status, number>>;

/** All instances of one stage. */
export interface GroupState {
  readonly stage: string;
  readonly axes: readonly string[];
  readonly instances: readonly InstanceState[];
  readonly counts: Counts;
  /** Instances done, a running one by its fraction; and what of it this run did, for time left. */
  readonly done: number;
  readonly worked: number;
  /** First attempt of this run. */
  readonly startedAt?: number;
  /** When the last instance ended. */
  readonly finishedAt?: number;
}

export interface InstanceState {
  readonly id: string;
  readonly status: Status;
  readonly attempt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly pid?: number;
  readonly log?: string;
  readonly resumed?: true;
  readonly resources: Readonly<Record<string, number>>;
  readonly progress?: ProgressState;
  readonly metrics: Readonly<Record<string, Series>>;
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  readonly peakMemory?: number;
  readonly size?: number;
  readonly failure?: Failure;
  /** Who builds the same key elsewhere. */
  readonly holder?: { readonly pid: number; readonly host: string };
  readonly because?: string;
  /** When the next attempt is due. */
  readonly retryAt?: number;
}

export interface ProgressState {
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
  /** Units a second, smoothed over about half a minute; unknown until it has moved. */
  readonly rate?: number;
  /** Where this attempt began: a resumed one does not begin at nothing. */
  readonly base: number;
  readonly time: number;
}

export const finishedStatuses = ['built', 'shared', 'cached', 'failed', 'cancelled', 'skipped'] as const;
export const noCounts: Counts = {
  pending: 0,
  waiting: 0,
  running: 0,
  retrying: 0,
  built: 0,
  shared: 0,
  cached: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
};

export const emptyState: RunState = {
  startedAt: 0,
  time: 0,
  groups: [],
  counts: noCounts,
  inUse: {},
  warnings: [],
  conclusions: {},
  published: [],
  moving: {},
  onCluster: false,
  goingOn: {},
  interrupted: 0,
};

export function findInstance(state: RunState, id: string): InstanceState | undefined {
  const place = placeOf(state.started, id);
  return place && state.groups[place.group]?.instances[place.instance];
}

export function instanceCount(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

export function isFinished(status: Status): boolean {
  return (finishedStatuses as readonly Status[]).includes(status);
}

/** `data` of `data[shard=3]`. */
export function stageOf(instance: string): string {
  const bracket = instance.indexOf('[');
  return bracket < 0 ? instance : instance.slice(0, bracket);
}

type Place = { readonly group: number; readonly instance: number };

/** Where each instance stands; it hangs on the first event, so all states of a run share it. */
const placesOf = new WeakMap<RunStarted, Map<string, Place>>();

/** Position of its stage in `groups`, and its own in the stage. */
export function placeOf(started: RunStarted | undefined, id: string): Place | undefined {
  if (!started) return undefined;
  let found = placesOf.get(started);
  if (!found) {
    found = new Map();
    for (const [group, { instances }] of started.groups.entries())
      for (const [instance, id] of instances.entries()) found.set(id, { group, instance });
    placesOf.set(started, found);
  }
  return found.get(id);
}
