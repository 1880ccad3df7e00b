import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPools, impossibleRequests, poolSizes } from '../../src/run/schedule/pools.ts';
import { createReadyQueue } from '../../src/run/schedule/ready-queue.ts';
import { planOf } from './plans.ts';

test('pools default to the machine, and the workflow may say otherwise', () => {
  const sizes = poolSizes({ cpu: 3, tpu: 1 });
  assert.equal(sizes.cpu, 3);
  assert.equal(sizes.tpu, 1);
  assert.ok((sizes.memory ?? 0) > 2 ** 20);
});

test('a request above its pool, or for a pool that is not there, is named with what to do, once a stage', () => {
  const plan = planOf('/', [
    { id: 'large', resources: { cpu: 9 } },
    { id: 'wide[i=1]', resources: { memory: 1.5 * 2 ** 30 } },
    { id: 'wide[i=2]', resources: { memory: 1.5 * 2 ** 30 } },
    { id: 'odd', resources: { gpu: 1 } },
    { id: 'fine', resources: { cpu: 2 } },
  ]);
  assert.deepEqual(impossibleRequests(plan, { cpu: 2, memory: 2 ** 30 }, new Uint8Array([1, 1, 1, 1, 1])), [
    "large asks for 9 cpu, more than the pool's 2; lower it or raise limits.cpu",
    "wide asks for 1.5 GiB memory, more than the pool's 1 GiB; lower it or raise limits.memory",
    'odd asks for 1 gpu, but there is no such pool; add it under limits',
  ]);
  assert.deepEqual(impossibleRequests(plan, { cpu: 2 }, new Uint8Array([0, 0, 0, 0, 1])), []);
});

test('the most urgent that fits comes first; of equals the plan decides', () => {
  const queue = createReadyQueue();
  for (const [index, priority] of [1, 5, 3, 5].entries())
    queue.push({ index, priority, request: { cpu: 1 }, start() {} });
  const pools = createPools({ cpu: 1 });
  const order = [0, 1, 2, 3].map(() => queue.pop(pools)?.index);
  assert.deepEqual(order, [1, 3, 2, 0]);
});

test('a small one does not take from a pool that a more urgent large one waits for, but may take from others', () => {
  const queue = createReadyQueue();
  const pools = createPools({ cpu: 4, tpu: 1 });
  pools.take({ tpu: 1 });
  queue.push({ index: 0, priority: 9, request: { cpu: 1, tpu: 1 }, start() {} });
  queue.push({ index: 1, priority: 5, request: { tpu: 1 }, start() {} });
  queue.push({ index: 2, priority: 1, request: { cpu: 1 }, start() {} });
  assert.equal(queue.pop(pools)?.index, 2);
  assert.equal(queue.pop(pools), undefined);
  pools.give({ tpu: 1 });
  assert.equal(queue.pop(pools)?.index, 0);
});

test('whatever is asked for, what runs never exceeds a pool and everything gets its turn', () => {
  const request = fc.record({ cpu: fc.integer({ min: 0, max: 4 }), memory: fc.integer({ min: 0, max: 10 }) });
  const wish = fc.record({ request, priority: fc.integer({ min: 0, max: 5 }), ends: fc.nat() });
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 40 }), (wishes) => {
      const queue = createReadyQueue();
      const pools = createPools({ cpu: 4, memory: 10 });
      for (const [index, { request, priority }] of wishes.entries())
        queue.push({ index, priority, request, start() {} });
      const running: number[] = [];
      const seen = new Set<number>();
      for (;;) {
        const next = queue.pop(pools);
        if (next) {
          pools.take(next.request);
          running.push(next.index);
          seen.add(next.index);
        } else if (running.length > 0) {
          const at = wishes[running[0]!]!.ends % running.length;
          pools.give(wishes[running.splice(at, 1)[0]!]!.request);
        } else {
          break;
        }
        for (const [pool, size] of [
          ['cpu', 4],
          ['memory', 10],
        ] as const) {
          assert.ok(running.reduce((sum, index) => sum + wishes[index]!.request[pool], 0) <= size);
        }
      }
      assert.equal(seen.size, wishes.length);
    }),
  );
});
