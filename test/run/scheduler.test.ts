import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/graph/plan.ts';
import { remainingPaths } from '../../src/run/schedule/critical-path.ts';
import type { BuildOutcome, Finish } from '../../src/run/schedule/outcome.ts';
import { createScheduler, type Scheduler } from '../../src/run/schedule/scheduler.ts';
import type { StoredResult } from '../../src/store/store.ts';
import { planOf, type Sketch } from './plans.ts';

/** A scheduler over builds that end when the test says so. */
function rig(
  plan: Plan,
  options: { jobs?: number; failFast?: boolean; cached?: readonly string[]; cpu?: number } = {},
) {
  const idOf = (index: number) => plan.instances[index]!.id;
  const started: string[] = [];
  const ended = new Map<string, Finish>();
  const ends = new Map<string, (outcome: BuildOutcome) => void>();
  const results: (StoredResult | undefined)[] = [];
  const current = (index: number) =>
    options.cached?.includes(idOf(index))
      ? ({ kind: 'current', key: idOf(index), result: resultOf(idOf(index)) } as const)
      : undefined;
  const scheduler: Scheduler = createScheduler({
    plan,
    needed: new Uint8Array(plan.instances.length).fill(1),
    assessAll: () => plan.instances.map(({ index }) => current(index)),
    results,
    priorities: () => remainingPaths(plan, () => 1),
    sizes: { cpu: options.cpu ?? 100, memory: 100 },
    jobs: options.jobs ?? 100,
    failFast: options.failFast ?? false,
    assess: (index) =>
      current(index) ?? { kind: 'stale', key: plan.instances[index]!.recipe, inputs: [], reason: 'no-result' },
    digest: async () => {},
    build(index) {
      started.push(idOf(index));
      return new Promise((resolve) => ends.set(idOf(index), resolve));
    },
    onCached: (indexes) => {
      for (const index of indexes) ended.set(idOf(index), { state: 'shared', result: resultOf(idOf(index)) });
    },
    onFinished: (index, outcome) => ended.set(idOf(index), outcome),
  });
  const over = scheduler.run();
  const settle = () => new Promise(setImmediate);
  return {
    scheduler,
    over,
    started,
    stateOf: (id: string) => ended.get(id)?.state,
    ended,
    async succeed(id: string) {
      ends.get(id)!({ state: 'built', result: resultOf(id) });
      await settle();
    },
    async fail(id: string) {
      ends.get(id)!({ state: 'failed', failure: { reason: 'exit', message: 'exited with 1' } });
      await settle();
    },
  };
}

function resultOf(id: string): StoredResult {
  return { key: id, instance: id, outputs: {}, payload: 'present' };
}

const chain: readonly Sketch[] = [{ id: 'a' }, { id: 'b', dependsOn: [0] }, { id: 'c', dependsOn: [1] }];

test('what hangs on others starts when the last of them is there', async () => {
  const run = rig(planOf('/', [{ id: 'a' }, { id: 'b' }, { id: 'c', dependsOn: [0, 1] }]));
  assert.deepEqual(run.started, ['a', 'b']);
  await run.succeed('a');
  assert.deepEqual(run.started, ['a', 'b']);
  await run.succeed('b');
  assert.deepEqual(run.started, ['a', 'b', 'c']);
  await run.succeed('c');
  await run.over;
});

test('the start of the longest remaining path goes first', async () => {
  const plan = planOf('/', [
    { id: 'leaf' },
    { id: 'short' },
    { id: 'long' },
    { id: 'after-short', dependsOn: [1] },
    { id: 'after-long', dependsOn: [2] },
    { id: 'end', dependsOn: [4] },
  ]);
  const run = rig(plan, { jobs: 1 });
  for (const id of ['long', 'short', 'after-long', 'leaf', 'after-short', 'end']) {
    assert.equal(run.started.at(-1), ['long', 'short', 'after-long'].includes(id) ? id : run.started.at(-1));
    await run.succeed(run.started.at(-1)!);
  }
  await run.over;
  assert.deepEqual(run.started.slice(0, 2), ['long', 'short']);
});

test('no more than `jobs` run at the same time', async () => {
  const run = rig(planOf('/', [{ id: 'a' }, { id: 'b' }, { id: 'c' }]), { jobs: 2 });
  assert.deepEqual(run.started, ['a', 'b']);
  await run.succeed('b');
  assert.deepEqual(run.started, ['a', 'b', 'c']);
  await run.succeed('a');
  await run.succeed('c');
  await run.over;
});

test('a failure skips what hangs on it, and nothing else', async () => {
  const run = rig(planOf('/', [...chain, { id: 'other' }]));
  await run.fail('a');
  await run.succeed('other');
  await run.over;
  assert.deepEqual(run.ended.get('c'), { state: 'skipped', because: 0 });
  assert.equal(run.stateOf('b'), 'skipped');
  assert.equal(run.stateOf('other'), 'built');
});

test('with fail-fast a failure lets nothing new start, and what runs is kept', async () => {
  const run = rig(planOf('/', [{ id: 'a' }, { id: 'b' }, { id: 'c' }]), { failFast: true, jobs: 2 });
  await run.fail('a');
  await run.succeed('b');
  await run.over;
  assert.deepEqual(run.started, ['a', 'b']);
  assert.equal(run.stateOf('b'), 'built');
  assert.deepEqual(run.ended.get('c'), { state: 'skipped', because: 0 });
});

test('once stopped, nothing starts and what never started is cancelled', async () => {
  const run = rig(planOf('/', chain));
  run.scheduler.stop();
  await run.succeed('a');
  await run.over;
  assert.deepEqual(run.started, ['a']);
  assert.equal(run.stateOf('c'), 'cancelled');
});

test('a retried failure runs again with what was skipped for it', async () => {
  const run = rig(planOf('/', [...chain, { id: 'other' }]));
  await run.fail('a');
  run.scheduler.retry(0);
  await run.succeed('a');
  await run.succeed('b');
  await run.succeed('c');
  await run.succeed('other');
  await run.over;
  assert.deepEqual(run.started, ['a', 'other', 'a', 'b', 'c']);
  assert.equal(run.stateOf('c'), 'built');
});

test('equal instances are built once; when that fails the next one tries', async () => {
  const run = rig(
    planOf('/', [
      { id: 'a', recipe: 'same' },
      { id: 'b', recipe: 'same' },
      { id: 'c', recipe: 'same' },
    ]),
  );
  assert.deepEqual(run.started, ['a']);
  await run.fail('a');
  assert.deepEqual(run.started, ['a', 'b']);
  await run.succeed('b');
  await run.over;
  assert.equal(run.stateOf('a'), 'failed');
  assert.equal(run.stateOf('c'), 'shared');
});

test('a cancelled instance that waited for its turn never starts, and its equal takes over', async () => {
  const run = rig(
    planOf('/', [
      { id: 'busy', resources: { cpu: 1 } },
      { id: 'a', recipe: 'same' },
      { id: 'b', recipe: 'same' },
    ]),
    { cpu: 1 },
  );
  assert.equal(run.scheduler.cancel(1), true);
  await run.succeed('busy');
  await run.succeed('b');
  await run.over;
  assert.deepEqual(run.started, ['busy', 'b']);
  assert.equal(run.stateOf('a'), 'cancelled');
});

test('a chain of 20,000 results that are there is no deep recursion', async () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => `s${index}`);
  const plan = planOf(
    '/',
    ids.map((id, index) => ({ id, dependsOn: index > 0 ? [index - 1] : [] })),
  );
  const run = rig(plan, { cached: ids.slice(1) });
  assert.deepEqual(run.started, ['s0']);
  await run.fail('s0');
  await run.over;
  assert.equal(run.stateOf('s19999'), 'shared');
});
