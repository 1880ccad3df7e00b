/** How each event changes the state of a run. */
import type {
  AttemptFinished,
  AttemptStarted,
  InstanceFinished,
  Metric,
  Progress,
  ResultsMoved,
  RunEvent,
  RunStarted,
} from '../../run/events.ts';
import { irreproducibleText } from './irreproducible-text.ts';
import {
  type Counts,
  type GroupState,
  type InstanceState,
  isFinished,
  noCounts,
  type ProgressState,
  placeOf,
  type RunState,
  type Status,
} from './run-state.ts';
import { extendSeries } from './series.ts';

const keptWarnings = 20;
const smoothingMs = 30_000;
const nothing = {};

/**
 * The state after these events. Neither argument is changed. What a batch touches is copied once, so fold many
 * events at a time: the cost is that of the events, and of one copy of each touched stage's list.
 */
export function foldEvents(state: RunState, events: readonly RunEvent[]): RunState {
  const draft = new Draft(state);
  for (const event of events) draft.apply(event);
  return draft.state;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

type DraftGroup = Writable<Omit<GroupState, 'instances' | 'counts'>> & {
  instances: InstanceState[];
  counts: Record<Status, number>;
};

/** A state being written: copies a group the first time that an event touches it. */
class Draft {
  readonly state: Writable<Omit<RunState, 'groups' | 'counts' | 'inUse'>> & {
    groups: GroupState[];
    counts: Record<Status, number>;
    inUse: Record<string, number>;
  };
  readonly #copied = new Map<number, DraftGroup>();

  constructor(state: RunState) {
    this.state = { ...state, groups: [...state.groups], counts: { ...state.counts }, inUse: { ...state.inUse } };
  }

  apply(event: RunEvent): void {
    const { time } = event;
    this.state.time = time;
    switch (event.type) {
      case 'run-started':
        this.#start(event, time);
        break;
      case 'instances-cached':
        for (const id of event.instances) this.#change(id, { status: 'cached', finishedAt: time }, time);
        break;
      case 'instance-waiting':
        this.#change(event.instance, { status: 'waiting', holder: event.holder }, time);
        break;
      case 'attempt-started':
        if (event.executor === 'slurm') this.state.onCluster = true;
        this.#startAttempt(event, time);
        break;
      case 'progress':
        this.#progress(event, time);
        break;
      case 'metric':
        this.#metric(event, time);
        break;
      case 'holds':
        this.#hold(event.instance, event.held?.goesOn === 'if-left' ? event.held.what : undefined);
        break;
      case 'attempt-finished':
        this.#hold(event.instance, undefined);
        this.#finishAttempt(event, time);
        break;
      case 'instance-finished':
        this.#finish(event, time);
        break;
      case 'warning':
        this.#warn(event);
        break;
      case 'conclusion':
        this.state.conclusions = { ...this.state.conclusions, [event.instance]: event.text };
        break;
      case 'interrupted':
        this.state.interrupted = event.level;
        this.state.waitsFor = event.level === 1 ? event.waitsFor : undefined;
        break;
      case 'published':
        this.state.published = [...this.state.published, event.destination];
        break;
      case 'results-moved':
        this.#move(event);
        break;
      case 'run-finished':
        this.state.finished = { outcome: event.outcome, exitCode: event.exitCode };
    }
  }

  #hold(instance: string, what: string | undefined): void {
    const { [instance]: before, ...others } = this.state.goingOn;
    if (before !== what) this.state.goingOn = what === undefined ? others : { ...others, [instance]: what };
  }

  #warn(warning: RunState['warnings'][number]): void {
    this.state.warnings = [...this.state.warnings, warning].slice(-keptWarnings);
  }

  #move({ direction, of, ...moved }: ResultsMoved): void {
    const { [direction]: _, ...others } = this.state.moving;
    this.state.moving = of === undefined ? others : { ...others, [direction]: { ...moved, of } };
  }

  #start(event: RunStarted, time: number): void {
    this.state.started = event;
    this.state.startedAt = time;
    this.state.groups = event.groups.map(({ stage, axes, instances }) => ({
      stage,
      axes,
      instances: instances.map((id) => ({ id, status: 'pending', resources: nothing, metrics: nothing })),
      counts: { ...noCounts, pending: instances.length },
      done: 0,
      worked: 0,
    }));
    this.state.counts = {
      ...noCounts,
      pending: event.groups.reduce((sum, { instances }) => sum + instances.length, 0),
    };
  }

  #startAttempt({ instance: id, attempt, pid, log, resources, resumed }: AttemptStarted, time: number): void {
    this.#use(resources, 1);
    const facts = { id, status: 'running', startedAt: time, attempt, pid, log, resources, metrics: nothing } as const;
    this.#replace(resumed ? { ...facts, resumed } : facts, time);
  }

  #metric({ instance: id, name, value, step }: Metric, time: number): void {
    const metrics = this.#find(id)?.metrics;
    this.#change(id, { metrics: { ...metrics, [name]: extendSeries(metrics?.[name], value, step) } }, time);
  }

  #progress({ instance: id, done, total, unit }: Progress, time: number): void {
    const before = this.#find(id)?.progress;
    const rate = before && smoothedRate(before, done, time);
    const progress = { done, unit, time, base: before?.base ?? done, ...dropUndefined({ total, rate }) };
    this.#change(id, { progress }, time);
  }

  #finishAttempt(event: AttemptFinished, time: number): void {
    const { instance: id, seconds, cpuSeconds, peakMemory, failure, retryInMs } = event;
    this.#use(this.#find(id)?.resources ?? nothing, -1);
    const facts = { resources: nothing, ...dropUndefined({ seconds, cpuSeconds, peakMemory, failure }) };
    if (retryInMs === undefined) this.#change(id, { ...facts, finishedAt: time }, time);
    else this.#change(id, { ...facts, status: 'retrying', retryAt: time + retryInMs }, time);
  }

  #finish(event: InstanceFinished, time: number): void {
    const { instance: id, state: status, size, failure, because, irreproducible = [] } = event;
    for (const one of irreproducible) this.#warn({ instance: id, message: irreproducibleText(one) });
    this.#change(id, { status, finishedAt: time, ...dropUndefined({ size, failure, because }) }, time);
  }

  #find(id: string): InstanceState | undefined {
    const place = placeOf(this.state.started, id);
    return place && this.state.groups[place.group]?.instances[place.instance];
  }

  #change(id: string, facts: Partial<InstanceState>, time: number): void {
    const before = this.#find(id);
    if (before) this.#replace({ ...before, ...facts }, time);
  }

  #replace(after: InstanceState, time: number): void {
    const place = placeOf(this.state.started, after.id);
    if (!place) return;
    const group = this.#write(place.group);
    const before = group.instances[place.instance]!;
    group.instances[place.instance] = after;
    group.done += doneFraction(after) - doneFraction(before);
    group.worked += workedFraction(after) - workedFraction(before);
    if (before.status === after.status) return;
    for (const counts of [group.counts, this.state.counts]) {
      counts[before.status] -= 1;
      counts[after.status] += 1;
    }
    if (after.status === 'running') group.startedAt ??= time;
    if (hasOpenInstances(group.counts)) delete group.finishedAt;
    else group.finishedAt = time;
  }

  #write(index: number): DraftGroup {
    let copy = this.#copied.get(index);
    if (!copy) {
      const group = this.state.groups[index]!;
      copy = { ...group, instances: [...group.instances], counts: { ...group.counts } };
      this.#copied.set(index, copy);
      this.state.groups[index] = copy;
    }
    return copy;
  }

  #use(resources: Readonly<Record<string, number>>, sign: 1 | -1): void {
    for (const [pool, amount] of Object.entries(resources))
      this.state.inUse[pool] = (this.state.inUse[pool] ?? 0) + sign * amount;
  }
}

function hasOpenInstances(counts: Counts): boolean {
  return counts.pending + counts.waiting + counts.running + counts.retrying > 0;
}

function doneFraction({ status, progress }: InstanceState): number {
  if (isFinished(status)) return 1;
  return status === 'running' && progress?.total ? Math.min(1, progress.done / progress.total) : 0;
}

function workedFraction(instance: InstanceState): number {
  if (!['running', 'built', 'failed'].includes(instance.status)) return 0;
  const { progress } = instance;
  const base = progress?.total ? progress.base / progress.total : 0;
  return Math.max(0, doneFraction(instance) - base);
}

function smoothedRate(before: ProgressState, done: number, time: number): number | undefined {
  const elapsed = time - before.time;
  if (elapsed <= 0) return before.rate;
  const now = Math.max(0, (done - before.done) / (elapsed / 1000));
  if (before.rate === undefined) return now > 0 ? now : undefined;
  const weight = 1 - Math.exp(-elapsed / smoothingMs);
  return before.rate + weight * (now - before.rate);
}

function dropUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
