import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/run/events.ts';
import { plainReporter, wantsColour } from '../../src/ui/index.ts';
import { attemptStarted, built, eventsAt, runFinished, runStarted, succeeded } from './example-run.ts';

function plainText(events: readonly RunEvent[], colour = false): string {
  const written: string[] = [];
  const reporter = plainReporter({ write: (text: string) => written.push(text) }, { colour });
  for (const event of events) reporter.report(event);
  return written.join('');
}

test('what stages conclude with stands at the end, the last of each, without control characters', () => {
  const events = eventsAt(
    [0, runStarted()],
    [1, { type: 'conclusion', instance: 'corpus', text: 'too early' }],
    [1, { type: 'conclusion', instance: 'train', text: 'loss  4.2' }],
    [2, { type: 'conclusion', instance: 'corpus', text: 'documents  3\n\u001b[31mwords  \t9\n' }],
    [3, runFinished('done', 3, { cached: 6 })],
  );
  const [, end] = plainText(events).split(/^✓ demo done.*$/m);
  assert.equal(end, '\n\n  documents  3\n  words  \t9\n\n  loss  4.2\n\n');
});

test('an attempt that never began is told once', () => {
  const failure = { reason: 'cannot-start', message: 'sbatch is not there' } as const;
  const instance = 'corpus';
  const text = plainText(
    eventsAt(
      [0, runStarted()],
      [1, { type: 'attempt-finished', instance, attempt: 1, outcome: 'failed', seconds: 0, failure }],
      [1, { type: 'instance-finished', instance, state: 'failed', failure }],
    ),
  );
  assert.equal(text.match(/sbatch is not there/g)?.length, 1, text);
});

test('a run is told line by line, aligned, with its failures, logs and remedies', () => {
  const failure = {
    reason: 'exit',
    message: 'exit code 3; see the log',
    exitCode: 3,
    tail: ['reading', 'no such word'],
  } as const;
  const events = eventsAt(
    [0, runStarted()],
    [0, { type: 'instances-cached', instances: ['corpus', 'data[shard=1]', 'data[shard=2]'], keys: ['a', 'b', 'c'] }],
    [1, attemptStarted('data[shard=3]', 1, { cpu: 2, memory: 2 ** 31 })],
    [1, { type: 'instance-waiting', instance: 'data[shard=4]', key: 'k', holder: { pid: 99, host: 'node7' } }],
    [
      5,
      {
        type: 'attempt-finished',
        instance: 'data[shard=3]',
        attempt: 1,
        outcome: 'failed',
        failure,
        seconds: 4,
        retryInMs: 10_000,
      },
    ],
    [15, attemptStarted('data[shard=3]', 2)],
    [16, { type: 'instance-finished', instance: 'data[shard=4]', state: 'shared' }],
    [
      17,
      {
        type: 'attempt-finished',
        instance: 'data[shard=3]',
        attempt: 2,
        outcome: 'failed',
        failure,
        seconds: 2.04,
        peakMemory: 1.5 * 2 ** 30,
      },
    ],
    [17, { type: 'instance-finished', instance: 'data[shard=3]', state: 'failed', failure }],
    [17, { type: 'instance-finished', instance: 'train', state: 'skipped', because: 'data[shard=3]' }],
    [18, runFinished('failed', 18, { shared: 1, cached: 3, failed: 1, skipped: 1 })],
  );
  assert.equal(
    plainText(events),
    `kumiki 0.1.0 · demo · run 20261123-120000-ab12 · 2026-11-23
6 instances of 3 stages · cpu 4 · memory 8 GiB
12:00:00 ✓ corpus         cached
12:00:00 ✓ data           2 cached
12:00:01 ● data[shard=3]  starts · cpu 2, memory 2 GiB
12:00:01 ‖ data[shard=4]  waits for pid 99@node7, which builds the same
12:00:05 ✗ data[shard=3]  failed after 4.0s: exit code 3; see the log
         │ reading
         │ no such word
         └ log: /lab/cache/runs/r/logs/data[shard=3].1.log
12:00:05 ↻ data[shard=3]  next attempt in 10s
12:00:15 ● data[shard=3]  starts · attempt 2 · cpu 1
12:00:16 ✓ data[shard=4]  made by another, shared
12:00:17 ✗ data[shard=3]  failed after 2.0s · peak 1.5 GiB: exit code 3; see the log
         │ reading
         │ no such word
         └ log: /lab/cache/runs/r/logs/data[shard=3].2.log
12:00:18 – train          skipped because of data[shard=3]
✗ demo failed after 18.0s · 1 shared, 3 cached, 1 failed, 1 skipped
  ✗ data[shard=3]: exit code 3; see the log
      log: /lab/cache/runs/r/logs/data[shard=3].2.log
  What is done is kept. To continue: kumiki run workflows/demo.yaml
`,
  );
});

test('a long stage tells of its progress twice a minute, not more', () => {
  const progress = (done: number) =>
    ({ type: 'progress', instance: 'train', done, total: 1000, unit: 'steps' }) as const;
  const events = eventsAt(
    [0, runStarted()],
    [0, attemptStarted('train')],
    ...Array.from({ length: 240 }, (_, quarter) => [quarter / 4, progress(quarter)] as const),
  );
  const told = plainText(events)
    .split('\n')
    .filter((line) => line.includes('…'));
  assert.deepEqual(told, ['12:00:30 … train          120/1,000 steps · 12% · 4/s · 3m40s left']);
});

test('in a run of many instances those that go well are told of by their number, the others one by one', () => {
  const names = Array.from({ length: 2000 }, (_, at) => `s${at}`);
  const groups = names.map((stage) => ({ stage, axes: [], instances: [stage] }));
  const [warm, cold] = [names.slice(0, 1000), names.slice(1000, 1999)];
  const events = eventsAt(
    [0, runStarted({ groups })],
    [0, { type: 'instances-cached', instances: warm, keys: warm }],
    ...cold.flatMap((name, at) => {
      const second = at / 50;
      return [
        [second, attemptStarted(name)],
        [second, succeeded(name, 0.02)],
        [second, built(name)],
      ] as const;
    }),
    [20, attemptStarted('s1999')],
    [80, succeeded('s1999', 61)],
    [80, built('s1999')],
    [80, runFinished('done', 80, { cached: 1000, built: 1000 })],
  );
  const text = plainText(events).split('\n').slice(2);
  assert.deepEqual(text, [
    '12:00:00 ✓ 1,000 stages  1,000 cached',
    '12:00:10 … 1,501/2,000  0 running · 50/s · 9s left',
    '12:01:20 ✓ s1999  done in 1m01s · peak 300 MiB',
    '✓ demo done in 1m20s · 1,000 built, 1,000 cached',
    '  on one page: kumiki report 20261123-120000-ab12',
    '  where a result is from: kumiki explain STAGE',
    '  with another value: kumiki run workflows/demo.yaml --set params.NAME=VALUE',
    '',
  ]);
});

test('many skipped instances are one line', () => {
  const skipped = [1, 2, 3, 4].map(
    (shard) =>
      [
        1,
        { type: 'instance-finished', instance: `data[shard=${shard}]`, state: 'skipped', because: 'corpus' },
      ] as const,
  );
  const text = plainText(eventsAt([0, runStarted()], ...skipped, [2, runFinished('failed', 2)]));
  assert.match(text, /– data {11}4 skipped because of corpus\n/);
});

test('results on their way are told of every ten seconds, with rate and time left', () => {
  const moved = { type: 'results-moved', direction: 'pulled', remote: 'gs://lab/cache' } as const;
  const far = (seconds: number) =>
    [seconds, { ...moved, results: 1, of: 8, bytes: seconds * 2 ** 20, ofBytes: 40 * 2 ** 20, seconds }] as const;
  const events = eventsAt([0, runStarted()], ...[1, 2, 11, 12, 20, 21].map(far), [
    40,
    { ...moved, results: 8, bytes: 40 * 2 ** 20 },
  ]);
  const text = plainText(events).split('\n').slice(2, -1);
  assert.deepEqual(
    text.map((line) => line.replace(/ +/g, ' ')),
    [
      '12:00:11 ↓ pulled 1 of 8 results · 11 MiB of 40 MiB · 1 MiB/s · 29s left from gs://lab/cache',
      '12:00:21 ↓ pulled 1 of 8 results · 21 MiB of 40 MiB · 1 MiB/s · 19s left from gs://lab/cache',
      '12:00:40 ↓ pulled 8 results (40 MiB) from gs://lab/cache',
    ],
  );
});

test('names of full-width characters stay aligned', () => {
  const groups = ['辞書', 'train'].map((stage) => ({ stage, axes: [], instances: [stage] }));
  const events = eventsAt([0, runStarted({ groups })], [0, attemptStarted('辞書')], [0, attemptStarted('train')]);
  const [dictionary, train] = plainText(events).split('\n').slice(2);
  assert.equal(dictionary, '12:00:00 ● 辞書   starts · cpu 1');
  assert.equal(train, '12:00:00 ● train  starts · cpu 1');
});

test('a run over midnight says so', () => {
  const events = eventsAt(
    [0, runStarted()],
    [0, attemptStarted('train')],
    [13 * 3600, succeeded('train', 46_800)],
    [13 * 3600, built('train')],
  );
  assert.match(plainText(events), /\n── 2026-11-24\n01:00:00 ✓ train {10}done in 13h00m · peak 300 MiB\n/);
});

test('colours are for terminals, and never for CI or with NO_COLOR', () => {
  const terminal = { isTTY: true };
  assert.equal(wantsColour(terminal, {}), true);
  assert.equal(wantsColour({}, {}), false);
  assert.equal(wantsColour(terminal, { CI: 'true' }), false);
  assert.equal(wantsColour(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }), false);
  assert.equal(wantsColour({}, { FORCE_COLOR: '1' }), true);
  const events = eventsAt([0, runStarted()], [0, attemptStarted('train')]);
  assert.ok(!plainText(events).includes('\u001b'));
  assert.ok(plainText(events, true).includes('\u001b[36m●'));
});
