import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../graph/plan.ts';
import type { RunEvent } from '../../run/events.ts';
import type { RunRecord } from '../../run/folder/list-runs.ts';
import type { Key } from '../../store/result.ts';
import { emptyState, foldEvents, type RunState, readEvents } from '../../ui/index.ts';
import { type Curve, extendCurve } from './curve.ts';

/** What happened in a run, from its folder alone. */
export interface RunHistory {
  readonly run: RunRecord;
  readonly state: RunState;
  /** In the order in which they started. */
  readonly attempts: readonly Attempt[];
  /** Metrics of the instances that ran, by instance and name. */
  readonly curves: ReadonlyMap<string, ReadonlyMap<string, Curve>>;
  /** Results that the run read or made, by instance. */
  readonly keys: ReadonlyMap<string, Key>;
  /** What `run.json` says beside the record: parameters, overrides, environment. */
  readonly facts: Readonly<Record<string, Json>>;
}

export interface Attempt {
  readonly instance: string;
  readonly stage: string;
  readonly attempt: number;
  /** Milliseconds since the epoch; an attempt that the run never heard the end of ends with its last event. */
  readonly started: number;
  readonly finished: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'unknown';
  readonly resources: Readonly<Record<string, number>>;
  readonly log: string;
}

/** Reads all that a run wrote so far. */
export async function readHistory(run: RunRecord): Promise<RunHistory> {
  let state: RunState = emptyState;
  const attempts = new Map<string, Attempt>();
  const curves = new Map<string, Map<string, Curve>>();
  for await (const events of readEvents(run.directory)) {
    state = foldEvents(state, events);
    for (const event of events) {
      noteAttempt(attempts, event);
      if (event.type !== 'metric') continue;
      const ofInstance = curves.get(event.instance) ?? new Map<string, Curve>();
      curves.set(event.instance, ofInstance);
      ofInstance.set(event.name, extendCurve(ofInstance.get(event.name), event.step, event.value));
    }
  }
  const all = [...attempts.values()].map((attempt) =>
    attempt.outcome === 'unknown' ? { ...attempt, finished: state.time } : attempt,
  );
  return { run, state, attempts: all, curves, keys: readKeys(run.directory), facts: readFacts(run.directory) };
}

function noteAttempt(attempts: Map<string, Attempt>, event: RunEvent): void {
  if (event.type !== 'attempt-started' && event.type !== 'attempt-finished') return;
  const { instance, attempt, time } = event;
  const id = `${instance}\0${attempt}`;
  if (event.type === 'attempt-started') {
    const { resources, log } = event;
    const span = { started: time, finished: time, outcome: 'unknown' as const };
    attempts.set(id, { instance, stage: instance.split('[', 1)[0]!, attempt, ...span, resources, log });
    return;
  }
  const begun = attempts.get(id);
  if (begun) attempts.set(id, { ...begun, finished: time, outcome: event.outcome });
}

function readKeys(directory: string): ReadonlyMap<string, Key> {
  const lines = readIfThere(join(directory, 'keys.ndjson')).split('\n').slice(0, -1);
  return new Map(
    lines.map((line) => {
      const { instance, key } = JSON.parse(line) as { instance: string; key: Key };
      return [instance, key];
    }),
  );
}

function readFacts(directory: string): Readonly<Record<string, Json>> {
  return JSON.parse(readIfThere(join(directory, 'run.json')) || '{}') as Readonly<Record<string, Json>>;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
