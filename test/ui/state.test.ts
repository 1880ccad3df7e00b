import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/run/events.ts';
import { foldEvents } from '../../src/ui/state/fold-events.ts';
import { emptyState, findInstance, instanceCount, type RunState } from '../../src/ui/state/run-state.ts';
import { extendSeries, type Series } from '../../src/ui/state/series.ts';
import { groupSecondsLeft, secondsLeft } from '../../src/ui/state/time-left.ts';
import { attemptStarted, built, eventsAt, noon, runFinished, runStarted, succeeded } from './example-run.ts';

const fold = (...events: readonly RunEvent[]) => foldEvents(emptyState, events);

const failure = { reason: 'exit', exitCode: 2, message: 'exit code 2' } as const;

const wholeRun = eventsAt(
  [0, runStarted()],
  [0, { type: 'instances-cached', instances: ['corpus', 'data[shard=1]'], keys: ['a', 'b'] }],
  [1, attemptStarted('data[shard=2]', 1, { cpu: 2, memory: 100 })],
  [1, attemptStarted('data[shard=3]', 1, { cpu: 1 })],
  [2, { type: 'progress', instance: 'data[shard=2]', done: 10, total: 100, unit: 'lines' }],
  [3, { type: 'metric', instance: 'data[shard=2]', name: 'loss', value: 3.5, step: 10 }],
  [
    4,
    {
      type: 'attempt-finished',
      instance: 'data[shard=3]',
      attempt: 1,
      outcome: 'failed',
      failure,
      seconds: 3,
      retryInMs: 2000,
    },
  ],
  [6, attemptStarted('data[shard=3]', 2, { cpu: 1 })],
  [8, { type: 'attempt-finished', instance: 'data[shard=3]', attempt: 2, outcome: 'failed', failure, seconds: 2 }],
  [8, { type: 'instance-finished', instance: 'data[shard=3]', state: 'failed', failure }],
  [8, { type: 'instance-finished', instance: 'train', state: 'skipped', because: 'data[shard=3]' }],
  [9, succeeded('data[shard=2]', 8)],
  [9, built('data[shard=2]')],
  [9, { type: 'instance-waiting', instance: 'data[shard=4]', key: 'k', holder: { pid: 7, host: 'node7' } }],
  [9, { type: 'warning', instance: 'data[shard=2]', message: 'took more memory than it asked for' }],
  [10, { type: 'interrupted', level: 1 }],
  [11, { type: 'instance-finished', instance: 'data[shard=4]', state: 'shared' }],
  [12, runFinished('failed', 12)],
);

test('counts say how many instances are in each state', () => {
  const { counts, groups } = fold(...wholeRun);
  assert.equal(instanceCount(counts), 6);
  assert.deepEqual(
    {
      cached: counts.cached,
      built: counts.built,
      shared: counts.shared,
      failed: counts.failed,
      skipped: counts.skipped,
    },
    { cached: 2, built: 1, shared: 1, failed: 1, skipped: 1 },
  );
  assert.equal(groups[1]!.counts.failed, 1);
  assert.equal(groups[1]!.finishedAt, noon + 11_000);
});

test('pools in use are those of running attempts, and come back', () => {
  assert.deepEqual(fold(...wholeRun.slice(0, 4)).inUse, { cpu: 3, memory: 100 });
  assert.deepEqual(fold(...wholeRun).inUse, { cpu: 0, memory: 0 });
});

test('an instance between attempts is retrying, and knows when the next one is due', () => {
  const instance = findInstance(fold(...wholeRun.slice(0, 7)), 'data[shard=3]')!;
  assert.equal(instance.status, 'retrying');
  assert.equal(instance.retryAt, noon + 6000);
  assert.equal(instance.failure?.exitCode, 2);
});

test('a new attempt begins without the progress, metrics and failure of the last', () => {
  const again = fold(...wholeRun, ...eventsAt([20, attemptStarted('data[shard=2]', 2)]));
  const instance = findInstance(again, 'data[shard=2]')!;
  assert.equal(instance.status, 'running');
  assert.equal(instance.progress, undefined);
  assert.deepEqual(instance.metrics, {});
  assert.equal(again.counts.built, 0);
});

test('folding events one by one, or all at once, gives the same state', () => {
  const oneByOne = wholeRun.reduce<RunState>((state, event) => foldEvents(state, [event]), emptyState);
  assert.deepEqual(oneByOne, fold(...wholeRun));
});

test('folding changes neither the state nor what it does not touch', () => {
  const before = fold(...wholeRun.slice(0, 3));
  const copy = structuredClone(before);
  const after = foldEvents(before, wholeRun.slice(3, 5));
  assert.deepEqual(before, copy);
  assert.equal(after.groups[0], before.groups[0]);
  assert.notEqual(after.groups[1], before.groups[1]);
  assert.equal(after.groups[1]!.instances[3], before.groups[1]!.instances[3]);
});

test('events of unknown instances change no count', () => {
  const state = fold(...wholeRun.slice(0, 1), ...eventsAt([1, attemptStarted('stranger')], [2, built('stranger')]));
  assert.equal(state.counts.pending, 6);
});

test('time left follows the pace of the attempt, not what an earlier attempt had done', () => {
  const progress = (done: number) =>
    ({ type: 'progress', instance: 'train', done, total: 1000, unit: 'steps' }) as const;
  const state = fold(
    ...eventsAt([0, runStarted()], [0, attemptStarted('train')], [10, progress(500)], [20, progress(600)]),
  );
  const train = findInstance(state, 'train')!;
  assert.equal(train.progress?.rate, 10);
  assert.equal(secondsLeft(train, noon + 20_000), 40);
  assert.equal(secondsLeft(train, noon + 25_000), 35);
});

test('time left of a stage comes from what this run did of it; cached results say nothing', () => {
  const state = fold(
    ...eventsAt(
      [0, runStarted()],
      [0, { type: 'instances-cached', instances: ['data[shard=1]'], keys: ['a'] }],
      [0, attemptStarted('data[shard=2]')],
      [10, succeeded('data[shard=2]', 10)],
      [10, built('data[shard=2]')],
      [10, attemptStarted('data[shard=3]')],
    ),
  );
  assert.equal(groupSecondsLeft(state.groups[1]!, noon + 10_000), 20);
  assert.equal(groupSecondsLeft(fold(...wholeRun.slice(0, 2)).groups[1]!, noon), undefined);
});

test('a metric keeps its course in bounded memory, whatever its length', () => {
  let series: Series | undefined;
  for (let step = 0; step < 100_000; step++) series = extendSeries(series, step, step);
  assert.ok(series!.values.length < 120);
  assert.equal(series!.last, 99_999);
  assert.equal(series!.step, 99_999);
  const differences = series!.values.slice(1).map((value, index) => value - series!.values[index]!);
  assert.deepEqual(new Set(differences), new Set([series!.stride]));
});

test('what moves to and from a remote is known until it has moved', () => {
  const moved = { type: 'results-moved', remote: 'gs://lab/cache', results: 1, bytes: 10 } as const;
  const events = eventsAt(
    [0, runStarted()],
    [1, { ...moved, direction: 'pulled', of: 2, ofBytes: 20, seconds: 1 }],
    [1, { ...moved, direction: 'pushed', of: 3 }],
    [2, { ...moved, direction: 'pulled' }],
  );
  assert.equal(fold(...events.slice(0, -1)).moving.pulled?.of, 2);
  const { moving } = fold(...events);
  assert.deepEqual([moving.pulled, moving.pushed?.of], [undefined, 3]);
});
