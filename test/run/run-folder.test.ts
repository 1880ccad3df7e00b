import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRunFolder } from '../../src/run/folder/run-folder.ts';

test('runs that start in the same second have folders of their own, whatever names they hit on', (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'kumiki-runs-'));
  t.after(() => rmSync(cache, { recursive: true }));
  const ids = Array.from({ length: 800 }, () => {
    const folder = createRunFolder(cache, {});
    folder.close();
    return folder.id;
  });
  assert.equal(new Set(ids).size, ids.length);
});
