import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coalesce } from '../../src/stage/coalesce.ts';
import type { ChildMessage } from '../../src/stage/messages.ts';

test('the first report goes out at once, then the latest of each kind once an interval', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const sent: ChildMessage[] = [];
  const reports = coalesce((message) => void sent.push(message), 250);

  reports.progress(1, 10, 'lines');
  assert.deepEqual(sent.splice(0), [{ type: 'progress', done: 1, total: 10, unit: 'lines' }]);
  reports.progress(2, 10, 'lines');
  reports.progress(3, 10, 'lines');
  reports.metric('loss', 0.5, 1);
  reports.metric('loss', 0.4, 2);
  assert.deepEqual(sent, []);
  now = 250;
  t.mock.timers.tick(250);
  assert.deepEqual(sent.splice(0), [
    { type: 'progress', done: 3, total: 10, unit: 'lines' },
    { type: 'metric', name: 'loss', value: 0.4, step: 2 },
  ]);
});

test('a stage that never lets a timer run is heard all the same', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const sent: ChildMessage[] = [];
  const reports = coalesce((message) => void sent.push(message), 250);
  for (let done = 0; done < 1000; done++) {
    reports.progress(done, undefined, 'lines');
    now++;
  }
  assert.equal(sent.length, 4);
  reports.flush();
  assert.deepEqual(sent.at(-1), { type: 'progress', done: 999, unit: 'lines' });
});
