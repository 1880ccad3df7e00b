import assert from 'node:assert/strict';
import { chmodSync, existsSync, linkSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestBytes } from '../../src/store/digest/digest-bytes.ts';
import type { AttemptRequest, CommitFacts, Store } from '../../src/store/store.ts';
import {
  build,
  built,
  claimKey,
  claimOrFind,
  declare,
  facts,
  keyOf,
  names,
  openTestStore,
  read,
  temporaryFolder,
  text,
  tree,
  write,
} from './rig.ts';

const key = keyOf('a');
const file: AttemptRequest['outputs'] = { out: 'file' };

test('a result is found by its key, with its digests, in this process and in the next', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  assert.equal(store.find(key), undefined);
  await built(store, key, { ...text, ...tree }, { instance: 'stage[x=1]' });
  await store.close();

  for (const opened of [store, await openTestStore(t, cache)]) {
    const result = opened.find(key)!;
    assert.equal(result.instance, 'stage[x=1]');
    assert.equal(result.payload, 'present');
    assert.deepEqual(result.outputs.text, { kind: 'file', digest: digestBytes('hello\n'), size: 6 });
    assert.equal(result.outputs.tree!.size, 3);
    assert.equal(read(opened.outputPath(key, 'tree'), 'deep/er/b.txt'), 'bb');
    assert.equal(opened.digestBelow(key, 'tree', 'deep/er/b.txt'), digestBytes('bb'));
    assert.equal(opened.digestBelow(key, 'tree', 'nothing'), undefined);
    assert.deepEqual(opened.history('stage[x=1]'), [key]);
  }
});

test('a manifest says what a result holds and what made it', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const log = join(temporaryFolder(t), 'log');
  writeFileSync(log, 'it went well\n');
  const inputs = [{ name: 'in', digests: ['sha256:1'], from: ['file.txt'], keys: [null] }] as const;
  await built(store, key, tree, { facts: { log, inputs, how: { threads: 2 }, metrics: { loss: 0.5 } } });
  const manifest = store.manifest(key)!;
  assert.deepEqual(
    manifest.outputs.tree!.files!.map(({ path, size }) => [path, size]),
    [
      ['a.txt', 1],
      ['deep/er/b.txt', 2],
    ],
  );
  assert.deepEqual(manifest.inputs, inputs);
  assert.deepEqual(manifest.how, { threads: 2 });
  assert.deepEqual(manifest.metrics, { loss: 0.5 });
  assert.deepEqual([manifest.attempt, manifest.kumiki, manifest.run], [1, '0.0.0', 'run-1']);
  assert.equal(read(store.outputPath(key, 'attempt.log')), 'it went well\n');
});

test('a finished result is read-only, and executable files stay executable', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const claim = await claimKey(store, key);
  const attempt = await claim.begin({ outputs: { tool: 'file', tree: 'directory' } });
  write(attempt, { tool: '#!/bin/sh\n', ...tree });
  chmodSync(attempt.outputs.tool!, 0o711);
  chmodSync(join(attempt.outputs.tree!, 'deep'), 0o500);
  const committed = await attempt.commit(facts());
  await claim.release();
  assert(committed.ok);
  const mode = (path: string) => statSync(path).mode & 0o777;
  assert.equal(mode(store.outputPath(key, 'tool')), 0o555);
  assert.equal(mode(join(store.outputPath(key, 'tree'), 'a.txt')), 0o444);
  assert.equal(mode(join(store.outputPath(key, 'tree'), 'deep')), 0o755);
  assert.equal(store.manifest(key)!.outputs.tool!.executable, true);
  assert.deepEqual(store.tampered([key]), []);
});

test('an output that is a link to a file elsewhere is kept as a copy, and that file stays writable', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  const mine = join(cache, 'mine');
  writeFileSync(mine, 'v1');
  const claim = await claimKey(store, key);
  const attempt = await claim.begin({ outputs: { out: 'file' } });
  linkSync(mine, attempt.outputs.out!);
  assert((await attempt.commit(facts())).ok);
  await claim.release();
  writeFileSync(mine, 'v2');
  assert.equal(statSync(mine).mode & 0o200, 0o200);
  assert.equal(read(store.outputPath(key, 'out')), 'v1');
});

test('nothing is left of an attempt but its result', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  await built(store, key, text);
  await build(store, keyOf('b'), { text: 'x' }, { facts: { promised: [{ output: 'text', path: 'none' }] } });
  await store.close();
  for (const folder of ['work', 'scratch', 'locks', 'holders']) assert.deepEqual(names(cache, folder), [], folder);
  assert.deepEqual(names(cache, 'store'), [key]);
});

interface Refusal {
  readonly title: string;
  readonly outputs?: AttemptRequest['outputs'];
  readonly promised?: CommitFacts['promised'];
  make(directory: string): void;
  readonly reason: string;
  readonly message: RegExp;
}

const refusals: readonly Refusal[] = [
  { title: 'a missing output', make: () => {}, reason: 'missing-output', message: /'out' is missing/ },
  {
    title: 'a file that was not declared',
    make(directory) {
      writeFileSync(join(directory, 'out'), '');
      writeFileSync(join(directory, 'extra.txt'), '');
    },
    reason: 'undeclared-output',
    message: /'extra\.txt'.*outputs/,
  },
  {
    title: 'a symbolic link',
    make: (directory) => symlinkSync('/etc/hostname', join(directory, 'out')),
    reason: 'bad-output',
    message: /'out' is a symbolic link/,
  },
  {
    title: 'a symbolic link deep in a directory',
    outputs: { out: 'directory' },
    make(directory) {
      mkdirSync(join(directory, 'out/deep'));
      symlinkSync('..', join(directory, 'out/deep/up'));
    },
    reason: 'bad-output',
    message: /'deep\/up' in output 'out' is a symbolic link/,
  },
  {
    title: 'a directory where a file was declared',
    make: (directory) => mkdirSync(join(directory, 'out')),
    reason: 'bad-output',
    message: /declared as a file, but the stage made a directory/,
  },
  {
    title: 'a file where a directory was declared',
    outputs: { out: 'directory' },
    make(directory) {
      rmSync(join(directory, 'out'), { recursive: true });
      writeFileSync(join(directory, 'out'), '');
    },
    reason: 'bad-output',
    message: /declared as a directory, but the stage made a file/,
  },
  {
    title: 'a directory that lacks a path that others read',
    outputs: { out: 'directory' },
    promised: [{ output: 'out', path: 'corpus_01.txt' }],
    make: (directory) => writeFileSync(join(directory, 'out/corpus_1.txt'), ''),
    reason: 'missing-output',
    message: /'out' has no 'corpus_01\.txt'/,
  },
];

for (const { title, outputs = file, promised = [], make, reason, message } of refusals) {
  test(`${title} is refused, and the key stays without a result`, async (t) => {
    const store = await openTestStore(t, temporaryFolder(t));
    const claim = await claimKey(store, key);
    const attempt = await claim.begin({ outputs });
    make(attempt.directory);
    const committed = await attempt.commit({ ...facts(), promised });
    await attempt.abandon();
    await claim.release();
    assert(!committed.ok);
    assert.equal(committed.failure.reason, reason);
    assert.match(committed.failure.message, message);
    assert.equal(store.find(key), undefined);
  });
}

test('a socket among the outputs is refused', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const claim = await claimKey(store, key);
  const attempt = await claim.begin({ outputs: { out: 'file' } });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(attempt.outputs.out, resolve));
  const committed = await attempt.commit(facts());
  server.close();
  await claim.release();
  assert(!committed.ok);
  assert.match(committed.failure.message, /'out' is a socket/);
});

test('an output may not take the name of what the store writes itself', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const claim = await claimKey(store, key);
  await assert.rejects(claim.begin({ outputs: { 'manifest.json': 'file' } }), /cannot be named 'manifest.json'/);
  await claim.release();
});

test('attempts are numbered over all processes, and every one begins with empty outputs', async (t) => {
  const cache = temporaryFolder(t);
  const numbers: number[] = [];
  for (let process = 0; process < 2; process++) {
    const store = await openTestStore(t, cache);
    const claim = await claimKey(store, key);
    for (let tries = 0; tries < 2; tries++) {
      const attempt = await claim.begin({ outputs: { tree: 'directory' } });
      numbers.push(attempt.number);
      assert.deepEqual(names(attempt.outputs.tree!), []);
      assert.deepEqual(names(attempt.scratch), []);
      write(attempt, tree);
      writeFileSync(join(attempt.scratch, 'temporary'), '');
      await attempt.abandon();
    }
    await claim.release();
    await store.close();
  }
  const store = await openTestStore(t, cache);
  await built(store, key, text);
  assert.deepEqual(numbers, [1, 2, 3, 4]);
  assert.equal(store.manifest(key)!.attempt, 5);
});

test('a claim of a key that has a result returns it', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const result = await built(store, key, text);
  assert.deepEqual(await claimOrFind(store, key), result);
});

test('keys that an instance was built under are remembered, newest first', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  for (const digit of ['c', 'a', 'b']) await built(store, keyOf(digit), text, { instance: 'data' });
  await built(store, keyOf('d'), text, { instance: 'other' });
  assert.deepEqual(store.history('data'), [keyOf('b'), keyOf('a'), keyOf('c')]);
  await store.close();
  const next: Store = await openTestStore(t, cache);
  assert.deepEqual(next.history('data'), [keyOf('b'), keyOf('a'), keyOf('c')]);
  assert.deepEqual(next.history('nothing'), []);
});

test('a removed payload stays known by its manifest, and is built again on demand', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  const before = await built(store, key, tree);
  await store.removePayload(key);
  assert(!existsSync(store.outputPath(key, 'tree')));
  await store.close();
  for (const opened of [store, await openTestStore(t, cache)]) {
    assert.deepEqual({ ...opened.find(key), inodes: {} }, { ...before, payload: 'removed', inodes: {} });
    assert.equal(opened.digestBelow(key, 'tree', 'a.txt'), digestBytes('a'));
  }
  const next = await openTestStore(t, cache);
  assert.equal((await built(next, key, tree)).payload, 'present');
  assert.deepEqual(names(cache, 'manifests'), []);
});

test('a rebuild that gives the same bytes changes nothing', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  await built(store, key, tree);
  const before = statSync(store.outputPath(key, 'tree')).ino;
  const again = await build(store, key, tree, { rebuild: true });
  assert(again.ok && again.irreproducible === undefined);
  assert.equal(statSync(store.outputPath(key, 'tree')).ino, before);
});

test('a rebuild that gives other bytes is reported, and both digests are kept', async (t) => {
  const cache = temporaryFolder(t);
  const other = await openTestStore(t, cache);
  const store = await openTestStore(t, cache);
  await built(store, key, text);
  assert.equal(other.find(key)!.outputs.text!.digest, digestBytes('hello\n'));
  const again = await build(store, key, { text: 'howdy\n' }, { rebuild: true });
  const change = { output: 'text', before: digestBytes('hello\n'), now: digestBytes('howdy\n') };
  assert(again.ok);
  assert.deepEqual(again.irreproducible, [change]);
  for (const opened of [store, other, await openTestStore(t, cache)]) {
    assert.equal(opened.find(key)!.outputs.text!.digest, change.now, 'readers are keyed by the new bytes');
  }
  assert.deepEqual(
    store.manifest(key)!.superseded!.map(({ outputs }) => outputs),
    [{ text: change.before }],
  );
});

test('equal contents under declared names give equal digests, whatever order they were written in', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  const one = await built(store, keyOf('1'), { out: { b: '2', a: '1', 'c/d': '3' } });
  const other = await built(store, keyOf('2'), { out: { 'c/d': '3', a: '1', b: '2' } });
  assert.deepEqual(one.outputs, other.outputs);
  assert.deepEqual(declare({ out: {} }), { out: 'directory' });
});
