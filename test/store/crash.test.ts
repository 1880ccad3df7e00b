import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestBytes } from '../../src/store/digest/digest-bytes.ts';
import { verifyStore } from '../../src/store/upkeep/verify-store.ts';
import { build, built, keyOf, names, openTestStore, read, temporaryFolder, text, tree } from './rig.ts';

const key = keyOf('a');

/** Builds a result in a process that is killed just before its call `call` to the file system; false if it got through. */
async function isKilledAt(call: number, cache: string, rebuild: boolean): Promise<boolean> {
  const child = fork(join(import.meta.dirname, 'crash-process.js'), [cache, key, String(call), String(rebuild)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert(signal === 'SIGKILL' || code === 0, `exit ${code} ${signal}`);
  return signal === 'SIGKILL';
}

test('a build that is killed before any of its steps leaves a whole result or none', async (t) => {
  const root = temporaryFolder(t);
  let whole = 0;
  let call = 1;
  for (; ; call++) {
    const cache = join(root, String(call));
    mkdirSync(cache);
    const killed = await isKilledAt(call, cache, false);
    const store = await openTestStore(t, cache);
    const found = store.find(key);
    if (found !== undefined) {
      whole++;
      assert.equal(found.outputs.text!.digest, digestBytes('hello\n'));
      assert.equal(read(store.outputPath(key, 'tree'), 'deep/er/b.txt'), 'bb');
    } else {
      assert((await build(store, key, { ...text, ...tree })).ok, 'it is built by the next');
    }
    await store.close();
    assert.deepEqual((await verifyStore(cache)).damaged, []);
    assert.deepEqual(names(cache, 'damaged'), []);
    if (!killed) break;
  }
  assert(call > 30, `${call - 1} moments`);
  assert(whole > 1, 'some were killed after the result was in place');
});

test('a rebuild that is killed before any of its steps leaves the old result, the new one or none', async (t) => {
  const root = temporaryFolder(t);
  for (let call = 1; ; call++) {
    const cache = join(root, String(call));
    const store = await openTestStore(t, cache);
    await built(store, key, { text: 'old', tree: { a: 'old' } });
    await store.close();
    const killed = await isKilledAt(call, cache, true);
    const next = await openTestStore(t, cache);
    const found = next.find(key);
    const digest = found && found.outputs.text!.digest;
    assert([undefined, digestBytes('old'), digestBytes('hello\n')].includes(digest));
    await next.close();
    assert.deepEqual((await verifyStore(cache)).damaged, []);
    if (!killed) break;
  }
});
