import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureMovement } from '../../src/store/remote/movement.ts';

test('what is to move is known as far as sizes are; unknown ones are taken for as large as the others', () => {
  const meter = measureMovement();
  assert.equal(meter.now().ofBytes, undefined);
  const first = meter.begin(100);
  const second = meter.begin();
  assert.equal(meter.now().ofBytes, 200);
  second.expect(300);
  first.onBytes(40);
  const { results, of, bytes, ofBytes } = meter.now();
  assert.deepEqual({ results, of, bytes, ofBytes }, { results: 0, of: 2, bytes: 40, ofBytes: 400 });
});

test('what was there already is taken off what is to move', () => {
  const meter = measureMovement();
  const [moved, present] = [meter.begin(100), meter.begin(300)];
  moved.onBytes(100);
  moved.end();
  present.end();
  const { results, bytes, ofBytes } = meter.now();
  assert.deepEqual({ results, bytes, ofBytes }, { results: 2, bytes: 100, ofBytes: 100 });
});

test('time in which nothing moves does not count, and every step is told', (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let told = 0;
  const meter = measureMovement(() => told++);
  for (const begin of [0, 10_000]) {
    now = begin;
    const moving = meter.begin(5);
    now = begin + 2000;
    moving.onBytes(5);
    moving.end();
  }
  now = 60_000;
  assert.equal(meter.now().seconds, 4);
  assert.equal(told, 4);
});
