/** What a killed writer leaves in a folder remote. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDirectoryBucket } from '../../src/objects/directory-bucket.ts';

function openFolder(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-folder-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const drafts = () => readdirSync(join(directory, '.drafts'));
  const push = async () => openDirectoryBucket(directory, 1).create('whole', { bytes: Buffer.from('whole') });
  const age = (name: string, hours: number) => {
    const then = new Date(Date.now() - hours * 3_600_000);
    utimesSync(join(directory, '.drafts', name), then, then);
  };
  return { directory, drafts, push, age };
}

/** Writes an object, and kills itself once its draft is there: no later step begins before the event loop has come round. */
const killedWriter = (directory: string) => `
  import { readdirSync } from 'node:fs';
  import { openDirectoryBucket } from ${JSON.stringify(join(import.meta.dirname, '../../src/objects/directory-bucket.js'))};
  const look = () => {
    try {
      if (readdirSync(${JSON.stringify(join(directory, '.drafts'))}).length > 0) process.kill(process.pid, 'SIGKILL');
    } catch {}
    setImmediate(look);
  };
  look();
  await openDirectoryBucket(${JSON.stringify(directory)}, 1).create('half', { bytes: Buffer.alloc(2 ** 20) });
`;

test('a writer that is killed leaves no object, and its draft goes with a push a day later', async (t) => {
  const { directory, drafts, push, age } = openFolder(t);
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', killedWriter(directory)]);
  assert.equal(signal, 'SIGKILL');
  const [left, ...others] = drafts();
  assert.ok(left !== undefined && others.length === 0);
  assert.deepEqual(readdirSync(directory), ['.drafts']);
  assert.equal(await push(), 'created');
  assert.deepEqual(drafts(), [left], 'another machine may be writing it');
  age(left, 25);
  assert.equal(await push(), 'exists');
  assert.deepEqual(drafts(), [left], 'a push that has nothing to write looks at nothing');
  rmSync(join(directory, 'whole'));
  assert.equal(await push(), 'created');
  assert.deepEqual(drafts(), []);
  assert.deepEqual(readdirSync(directory).sort(), ['.drafts', 'whole']);
});

test('of many drafts only those go that are old', async (t) => {
  const { directory, drafts, push, age } = openFolder(t);
  await push();
  for (const [name, hours] of Object.entries({ old: 48, yesterday: 23, now: 0 })) {
    writeFileSync(join(directory, '.drafts', name), '');
    age(name, hours);
  }
  rmSync(join(directory, 'whole'));
  await push();
  assert.deepEqual(drafts().sort(), ['now', 'yesterday']);
});
