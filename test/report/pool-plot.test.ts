import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/report/gather/run-history.ts';
import { heldOverTime } from '../../src/report/plots/pool-plot.ts';
import { timelinePlot } from '../../src/report/plots/timeline-plot.ts';

const attempt = (instance: string, started: number, finished: number, outcome: Attempt['outcome'] = 'succeeded') => ({
  ...{ instance, stage: instance.split('[', 1)[0]!, attempt: 1, started, finished, outcome },
  resources: { cpu: 2 },
  log: `/runs/r/logs/${instance}.1.log`,
});

test('a pool is held by attempts from their start to their end', () => {
  const held = heldOverTime('cpu', [attempt('a', 1000, 3000), attempt('b', 2000, 4000)], 0);
  assert.deepEqual(held, [
    { seconds: 1, amount: 2 },
    { seconds: 2, amount: 4 },
    { seconds: 3, amount: 2 },
    { seconds: 4, amount: 0 },
  ]);
  assert.deepEqual(heldOverTime('memory', [attempt('a', 0, 1000)], 0), []);
});

test('few instances have a row each, many share lanes', () => {
  const few = timelinePlot([attempt('data[shard=1]', 0, 1000), attempt('data[shard=2]', 0, 900, 'failed')], 0);
  assert.match(few, /data\[shard=2\], attempt 1: failed/);
  const many = timelinePlot(
    Array.from({ length: 100 }, (_, i) => attempt(`data[shard=${i}]`, i * 1000, i * 1000 + 1500)),
    0,
  );
  assert.ok(many.length < 60_000, 'one hundred bars in two lanes');
  assert.doesNotMatch(many, />data\[shard=7\]</);
});

test('marks of a run of less than a second differ', () => {
  const marks = [...timelinePlot([attempt('a', 0, 120)], 0).matchAll(/<text[^>]*>([\d.]+s)</g)].map(([, mark]) => mark);
  assert.ok(marks.length > 2, marks.join());
  assert.equal(new Set(marks).size, marks.length, marks.join());
});
