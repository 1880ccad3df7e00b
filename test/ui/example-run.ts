/** A run to look at: its events, one after another, at times that the test says. */
import type { RunEvent, RunFinished, RunStarted } from '../../src/run/events.ts';

type Untimed = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'time'> : never) : never;

/** Noon of a day, local time, so that clocks read the same everywhere. */
export const noon = new Date(2026, 10, 23, 12).getTime();

/** Events `[seconds after noon, event]`. */
export function eventsAt(...events: readonly (readonly [number, Untimed])[]): RunEvent[] {
  return events.map(([seconds, event]) => ({ time: noon + seconds * 1000, ...event }) as RunEvent);
}

export function runStarted(facts: Partial<RunStarted> = {}): RunStarted {
  return {
    type: 'run-started',
    format: 1,
    run: '20261123-120000-ab12',
    name: 'demo',
    workflow: '/lab/workflows/demo.yaml',
    root: '/lab',
    pid: process.pid,
    host: 'elsewhere',
    kumiki: '0.1.0',
    arguments: [],
    limits: { cpu: 4, memory: 8 * 2 ** 30 },
    groups: [
      { stage: 'corpus', axes: [], instances: ['corpus'] },
      { stage: 'data', axes: ['shard'], instances: [1, 2, 3, 4].map((shard) => `data[shard=${shard}]`) },
      { stage: 'train', axes: [], instances: ['train'] },
    ],
    edges: [
      ['corpus', 'data'],
      ['data', 'train'],
    ],
    ...facts,
  };
}

export function attemptStarted(
  instance: string,
  attempt = 1,
  resources: Readonly<Record<string, number>> = { cpu: 1 },
) {
  return {
    type: 'attempt-started',
    instance,
    key: 'k'.repeat(64),
    attempt,
    pid: 4711,
    log: `/lab/cache/runs/r/logs/${instance}.${attempt}.log`,
    executor: 'local',
    resources,
  } as const;
}

export function succeeded(instance: string, seconds: number, attempt = 1) {
  return { type: 'attempt-finished', instance, attempt, outcome: 'succeeded', seconds, peakMemory: 300 << 20 } as const;
}

export function built(instance: string) {
  return { type: 'instance-finished', instance, state: 'built', key: 'k'.repeat(64), size: 1000 } as const;
}

export function runFinished(
  outcome: 'done' | 'failed' | 'interrupted',
  seconds: number,
  ended: Partial<RunFinished['counts']> = {},
) {
  const counts = { built: 0, shared: 0, cached: 0, failed: 0, cancelled: 0, skipped: 0, ...ended };
  return { type: 'run-finished', outcome, exitCode: outcome === 'done' ? 0 : 1, seconds, counts } as const;
}
