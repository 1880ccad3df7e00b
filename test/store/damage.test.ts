import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { examineResult } from '../../src/store/examine.ts';
import { storeLayout } from '../../src/store/layout.ts';
import { verifyStore } from '../../src/store/upkeep/verify-store.ts';
import { built, keyOf, names, openTestStore, overwrite, startProcess, temporaryFolder, text, tree } from './rig.ts';

const key = keyOf('a');

/** Flips a byte and leaves size, mode and time as they were: what only reading can find. */
function flipByte(path: string): void {
  const { atimeMs, mtimeMs, mode } = statSync(path);
  chmodSync(path, 0o644);
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, '!', 0);
  closeSync(descriptor);
  chmodSync(path, mode);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}

interface Damage {
  readonly title: string;
  harm(directory: string): void;
}

const damages: readonly Damage[] = [
  { title: 'a deleted output', harm: (directory) => rmSync(join(directory, 'text')) },
  { title: 'a file deleted in a directory', harm: (directory) => rmSync(join(directory, 'tree/deep/er/b.txt')) },
  { title: 'a file added to a directory', harm: (directory) => writeFileSync(join(directory, 'tree/deep/new'), '') },
  { title: 'a truncated output', harm: (directory) => truncateSync(join(directory, 'text'), 2) },
  {
    title: 'an output of the same size with other bytes',
    harm: (directory) => overwrite(join(directory, 'text'), 'hallo\n'),
  },
  { title: 'other bytes in a directory', harm: (directory) => overwrite(join(directory, 'tree/a.txt'), 'z') },
];

for (const { title, harm } of damages) {
  test(`${title} is noticed: the result is moved aside, and counts as absent`, async (t) => {
    const cache = temporaryFolder(t);
    const store = await openTestStore(t, cache);
    await built(store, key, { ...text, ...tree });
    harm(join(cache, 'store', key));
    assert.notDeepEqual(store.tampered([key]), [], 'at once, by the run that reads it');
    await store.close();
    const next = await openTestStore(t, cache);
    assert.equal(next.find(key), undefined);
    assert.deepEqual(names(cache, 'damaged'), [`${key}.1`]);
    await built(next, key, { ...text, ...tree });
    assert.deepEqual(next.tampered([key]), []);
  });
}

for (const [title, content] of [
  ['truncated', '{"format": 1, "key"'],
  ['of another key', JSON.stringify({ format: 1, key: keyOf('b'), instance: 'x', outputs: {} })],
  ['missing', undefined],
] as const) {
  test(`a manifest that is ${title} makes its result absent`, async (t) => {
    const cache = temporaryFolder(t);
    const store = await openTestStore(t, cache);
    await built(store, key, text);
    await store.close();
    const manifest = join(cache, 'store', key, 'manifest.json');
    if (content === undefined) rmSync(manifest);
    else overwrite(manifest, content);
    assert.deepEqual(
      (await verifyStore(cache)).damaged.map(({ problems }) => problems),
      [['its manifest is missing or cannot be read']],
    );
    const next = await openTestStore(t, cache);
    assert.equal(next.find(key), undefined);
  });
}

test('a flipped byte that left no trace is found by verify', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  for (const digit of ['a', 'b', 'c'])
    await built(store, keyOf(digit), { ...text, ...tree }, { instance: `s${digit}` });
  await store.close();
  flipByte(join(cache, 'store', keyOf('b'), 'tree/deep/er/b.txt'));
  const seen: number[] = [];
  const verified = await verifyStore(cache, { onProgress: (checked) => seen.push(checked) });
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(verified.checked, 3);
  assert.equal(verified.damaged.length, 1);
  const [damaged] = verified.damaged;
  assert.deepEqual([damaged!.key, damaged!.instance, damaged!.moved], [keyOf('b'), 'sb', true]);
  assert.match(damaged!.problems[0]!, /b\.txt' has other bytes than its manifest says/);
  const next = await openTestStore(t, cache);
  assert.equal(next.find(keyOf('b')), undefined);
  assert.equal(next.find(keyOf('a'))!.payload, 'present');
});

test('a result that another process reads is not moved from under it', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  await built(store, key, text);
  await store.close();
  const reader = await startProcess(t, cache);
  await reader.tell({ do: 'lease', keys: [key] });
  flipByte(join(cache, 'store', key, 'text'));
  assert.deepEqual(
    (await verifyStore(cache)).damaged.map(({ moved }) => moved),
    [false],
  );
  assert.deepEqual(readdirSync(join(cache, 'store')), [key]);
  await reader.kill();
  assert.deepEqual(
    (await verifyStore(cache)).damaged.map(({ moved }) => moved),
    [true],
  );
});

test('a file that was touched but not changed is whole, and is sealed again', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  await built(store, key, { ...text, ...tree });
  overwrite(store.outputPath(key, 'text'), 'hello\n');
  writeFileSync(join(store.outputPath(key, 'tree'), 'passing'), '');
  rmSync(join(store.outputPath(key, 'tree'), 'passing'));
  assert.equal(store.find(key)!.payload, 'present');
  const examined = examineResult(storeLayout(cache), key)!;
  assert.deepEqual([examined.problems, examined.touched, examined.folders], [[], [], []]);
});

test('what a stage may not touch is named when it did', async (t) => {
  const store = await openTestStore(t, temporaryFolder(t));
  await built(store, key, { ...text, ...tree });
  const inside = join(store.outputPath(key, 'tree'), 'a.txt');
  overwrite(inside, 'b');
  assert.deepEqual(store.tampered([key]), [inside]);
});

test('a result of an earlier boot that no journal knows is read before it is trusted', async (t) => {
  const cache = temporaryFolder(t);
  const store = await openTestStore(t, cache);
  for (const digit of ['a', 'b']) await built(store, keyOf(digit), text);
  await store.close();
  rmSync(join(cache, 'journal'), { recursive: true });
  for (const digit of ['a', 'b']) {
    const manifest = join(cache, 'store', keyOf(digit), 'manifest.json');
    const { boot: _boot, ...rest } = store.manifest(keyOf(digit))!;
    overwrite(manifest, JSON.stringify({ ...rest, boot: 'earlier' }));
  }
  flipByte(join(cache, 'store', keyOf('b'), 'text'));
  const next = await openTestStore(t, cache);
  assert.equal(next.find(keyOf('a'))!.payload, 'present');
  assert.equal(next.find(keyOf('b')), undefined, 'as a loss of power leaves it: the right size, other bytes');
});
