import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent } from '../../src/run/events.ts';
import { EngineDied, followEvents, readEvents } from '../../src/ui/index.ts';
import { attemptStarted, built, eventsAt, runFinished, runStarted } from './example-run.ts';

const events = eventsAt(
  [0, runStarted()],
  [1, attemptStarted('corpus')],
  [2, built('corpus')],
  [3, runFinished('done', 3)],
);
const text = (some: readonly RunEvent[]) => some.map((event) => `${JSON.stringify(event)}\n`).join('');

async function temporary(t: { after(f: () => unknown): void }) {
  const directory = await mkdtemp(join(tmpdir(), 'kumiki-'));
  t.after(() => rm(directory, { recursive: true }));
  return { directory, file: join(directory, 'events.jsonl') };
}

async function collect(batches: AsyncIterable<readonly RunEvent[]>, onBatch = async (_seen: number) => {}) {
  const seen: RunEvent[] = [];
  for await (const batch of batches) {
    seen.push(...batch);
    await onBatch(seen.length);
  }
  return seen;
}

test('what was written before and what comes while reading are told once each, up to the end of the run', async (t) => {
  const { directory, file } = await temporary(t);
  await appendFile(file, text(events.slice(0, 2)));
  const seen = await collect(followEvents(directory), async (count) => {
    if (count < events.length) await appendFile(file, text(events.slice(count, count + 1)));
  });
  assert.deepEqual(seen, events);
});

test('a torn last line waits for its other half', async (t) => {
  const { directory, file } = await temporary(t);
  const whole = text(events);
  const middle = whole.indexOf('\n') + 20;
  await appendFile(file, whole.slice(0, middle));
  const seen = await collect(followEvents(directory), async (count) => {
    if (count === 1) await appendFile(file, whole.slice(middle));
  });
  assert.deepEqual(seen, events);
});

test('a line that a crash tore is passed over', async (t) => {
  const { directory, file } = await temporary(t);
  await appendFile(file, `${text(events.slice(0, 1))}{"type":"prog\n${text(events.slice(1))}`);
  assert.deepEqual(await collect(readEvents(directory)), events);
});

test('a run that has not written yet is waited for', async (t) => {
  const { directory, file } = await temporary(t);
  const following = collect(followEvents(directory));
  await appendFile(file, text(events));
  assert.deepEqual(await following, events);
});

test('following ends when it is aborted', async (t) => {
  const { directory, file } = await temporary(t);
  await appendFile(file, text(events.slice(0, 2)));
  const controller = new AbortController();
  const seen = await collect(followEvents(directory, { signal: controller.signal }), async () => controller.abort());
  assert.equal(seen.length, 2);
});

test('an engine that died is noticed, after all that it wrote', async (t) => {
  const { directory, file } = await temporary(t);
  const engine = spawn('sleep', ['1000']);
  t.after(() => engine.kill());
  const started = { ...runStarted({ pid: engine.pid!, host: hostname() }), time: 0 };
  await appendFile(file, text([started, ...events.slice(1, 3)]));
  let count = 0;
  const following = collect(followEvents(directory), async (seen) => {
    count = seen;
    engine.kill('SIGKILL');
    await once(engine, 'exit');
  });
  await assert.rejects(following, (error) => error instanceof EngineDied && error.pid === engine.pid);
  assert.equal(count, 3);
});
