import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { storeLayout } from '../../src/store/layout.ts';
import { newHolderId, openHolder } from '../../src/store/locks/holder.ts';
import { tryLock } from '../../src/store/locks/lock.ts';
import { bootId, lifeOf, ownIdentity, processStart } from '../../src/store/locks/process-identity.ts';
import {
  build,
  claimKey,
  type claimOrFind,
  facts,
  keyOf,
  names,
  openTestStore,
  startProcess,
  temporaryFolder,
  text,
  write,
} from './rig.ts';

const key = keyOf('a');

/** A lock as a process of that description would have left it. */
function leaveLock(cache: string, holder: Partial<ReturnType<typeof ownIdentity>>, ageMs = 0): void {
  const { locks, holders } = storeLayout(cache);
  for (const folder of [locks, holders]) mkdirSync(folder, { recursive: true });
  const path = join(holders, 'someone.1.0123456789ab');
  writeFileSync(path, `${JSON.stringify({ id: 'someone.1.0123456789ab', ...ownIdentity(), ...holder })}\n`);
  const beat = (Date.now() - ageMs) / 1000;
  utimesSync(path, beat, beat);
  linkSync(path, join(locks, key));
}

async function isGone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

for (const count of [2, 4]) {
  test(`of ${count} processes that want the same results each is built by one`, async (t) => {
    const cache = temporaryFolder(t);
    const processes = await Promise.all(Array.from({ length: count }, () => startProcess(t, cache)));
    for (const digit of '0123456789abcdef') {
      const done = await Promise.all(
        processes.map((process) => process.tell<string>({ do: 'build', key: keyOf(digit), contents: text })),
      );
      assert.deepEqual(done.sort(), ['built', ...Array(count - 1).fill('found')]);
    }
  });
}

test('who waits for a result says for whom, and gets it', async (t) => {
  const cache = temporaryFolder(t);
  const builder = await startProcess(t, cache);
  const waiter = await startProcess(t, cache);
  await builder.tell({ do: 'claim', key });
  const claimed = waiter.tell({ do: 'claim', key });
  assert.deepEqual(await waiter.waits(), { pid: builder.child.pid, host: hostname() });
  await builder.tell({ do: 'begin', contents: text });
  await builder.tell({ do: 'write', contents: text });
  await builder.tell({ do: 'commit' });
  await builder.tell({ do: 'release' });
  assert.equal(await claimed, 'found');
});

test('who waits for a result that fails builds it', async (t) => {
  const cache = temporaryFolder(t);
  const builder = await startProcess(t, cache);
  const waiter = await startProcess(t, cache);
  await builder.tell({ do: 'claim', key });
  const claimed = waiter.tell({ do: 'claim', key });
  await waiter.waits();
  await builder.tell({ do: 'release' });
  assert.equal(await claimed, 'claimed');
});

test('waiting ends when it is aborted', async (t) => {
  const cache = temporaryFolder(t);
  const builder = await startProcess(t, cache);
  await builder.tell({ do: 'claim', key });
  const store = await openTestStore(t, cache);
  const abort = new AbortController();
  const claim = store.claim(key, { signal: abort.signal, onWait: () => abort.abort() });
  await assert.rejects(claim, { name: 'AbortError' });
});

test('a second claim in one process waits for the first', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const first = await claimKey(store, key);
  let second: ReturnType<typeof claimOrFind> | undefined;
  await new Promise<void>((waits) => {
    second = store.claim(key, { signal: AbortSignal.timeout(60_000), onWait: () => waits() });
  });
  const attempt = await first.begin({ outputs: { text: 'file' } });
  write(attempt, text);
  await attempt.commit(facts());
  await first.release();
  assert(!('begin' in (await second!)));
});

test('the lock of a killed process is taken over by exactly one of those who wait, and what it ran is ended', async (t) => {
  const cache = temporaryFolder(t);
  const dead = await startProcess(t, cache);
  await dead.tell({ do: 'claim', key });
  await dead.tell({ do: 'begin', contents: text });
  const group = await dead.tell<number>({ do: 'start group' });
  const waiters = await Promise.all([1, 2, 3, 4].map(() => startProcess(t, cache)));
  const done = waiters.map((waiter) => waiter.tell<string>({ do: 'build', key, contents: text }));
  await Promise.all(waiters.map((waiter) => waiter.waits()));
  await dead.kill();
  assert.deepEqual((await Promise.all(done)).sort(), ['built', 'found', 'found', 'found']);
  assert.equal(processStart(group), undefined, 'its process group is gone');
});

test('after a takeover what a dead process left running writes nowhere that counts', async (t) => {
  const cache = temporaryFolder(t);
  const dead = await startProcess(t, cache);
  await dead.tell({ do: 'claim', key });
  const orphan = await dead.tell<{ directory: string; number: number }>({ do: 'begin', contents: text });
  await dead.kill();
  const store = await openTestStore(t, cache);
  const claim = await claimKey(store, key);
  const attempt = await claim.begin({ outputs: { text: 'file' } });
  assert(!existsSync(orphan.directory));
  assert.equal(attempt.number, orphan.number + 1);
  await claim.release();
});

test('a process whose lock was taken over notices, and its result is not kept', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  const claim = await claimKey(store, key);
  const attempt = await claim.begin({ outputs: { text: 'file' } });
  write(attempt, text);
  const { locks } = storeLayout(cache);
  const [lock] = names(locks);
  rmSync(join(locks, lock!));
  leaveLock(cache, {});
  const committed = await attempt.commit(facts());
  await attempt.abandon();
  await claim.release();
  assert(!committed.ok);
  assert.equal(committed.failure.reason, 'lost');
  assert.equal(store.find(key), undefined);
  assert(existsSync(join(locks, key)), 'the lock of the other stays');
});

test('a process that is gone, that is another with the same pid, or of an earlier boot, is dead', async (t) => {
  const child = spawn('true');
  await isGone(child);
  const own = ownIdentity();
  assert.equal(lifeOf(own), 'alive');
  assert.equal(lifeOf({ ...own, pid: child.pid! }), 'dead');
  assert.equal(lifeOf({ ...own, start: '1' }), 'dead');
  assert.equal(lifeOf({ ...own, boot: 'earlier' }), 'dead');
  assert.equal(lifeOf({ ...own, host: 'elsewhere' }), 'unknown');
  assert.equal(lifeOf({ ...own, namespace: 'pid:[1]' }), 'unknown');
  t.diagnostic(`boot ${bootId}`);
});

test('a zombie is dead', async (t) => {
  const parent = spawn('bash', ['-c', 'sleep 0 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
  const pid = Number(line.toString());
  while (state(pid) !== 'Z') await new Promise(setImmediate);
  assert.equal(processStart(pid), undefined);
});

function state(pid: number): string {
  return /\) (.)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]!;
}

for (const [title, holder] of [
  ['of a dead process', { start: '1' }],
  ['of an earlier boot', { boot: 'earlier' }],
] as const) {
  test(`a lock ${title} is taken over at once`, async (t) => {
    const cache = temporaryFolder(t);
    leaveLock(cache, holder);
    const store = await openTestStore(t, cache);
    assert((await build(store, key, text)).ok);
  });
}

test('a lock of another host is waited for while its heartbeat is fresh', async (t) => {
  const cache = temporaryFolder(t);
  leaveLock(cache, { host: 'elsewhere' });
  const store = await openTestStore(t, cache);
  const abort = new AbortController();
  let waitedFor: unknown;
  const claim = store.claim(key, {
    signal: abort.signal,
    onWait(holder) {
      waitedFor = holder;
      abort.abort();
    },
  });
  await assert.rejects(claim, { name: 'AbortError' });
  assert.deepEqual(waitedFor, { pid: process.pid, host: 'elsewhere' });
});

test('a lock of another host is taken over after long silence', async (t) => {
  const cache = temporaryFolder(t);
  leaveLock(cache, { host: 'elsewhere' }, 600_000);
  const store = await openTestStore(t, cache);
  assert((await build(store, key, text)).ok);
});

test('a lock whose file a loss of power emptied is taken over after long silence', async (t) => {
  const cache = temporaryFolder(t);
  leaveLock(cache, {}, 600_000);
  const beat = (Date.now() - 600_000) / 1000;
  writeFileSync(join(cache, 'locks', key), '');
  utimesSync(join(cache, 'locks', key), beat, beat);
  const store = await openTestStore(t, cache);
  assert((await build(store, key, text)).ok);
});

test('a process that died while it took a lock over stops nobody', (t: TestContext) => {
  const layout = storeLayout(temporaryFolder(t));
  leaveLock(layout.directory, { start: '1' });
  const dead = join(layout.holders, 'someone.1.0123456789ab');
  linkSync(dead, join(layout.locks, `${key}.someone.1.0123456789ab.0`));
  const own = openHolder(layout, newHolderId());
  t.after(() => own.close());
  const lock = tryLock(layout, own, key);
  assert('isHeld' in lock && lock.isHeld());
  assert.deepEqual(names(layout.locks), [key]);
  lock.release();
  assert.deepEqual(names(layout.locks), []);
});

test('on one machine the process decides who lives, not the age of a heartbeat', async (t) => {
  const cache = temporaryFolder(t);
  const builder = await startProcess(t, cache);
  await builder.tell({ do: 'claim', key });
  const [id] = names(cache, 'holders');
  utimesSync(join(cache, 'holders', id!), 0, 0);
  const waiter = await startProcess(t, cache);
  const claimed = waiter.tell({ do: 'claim', key });
  await waiter.waits();
  await builder.kill();
  assert.equal(await claimed, 'claimed');
});
