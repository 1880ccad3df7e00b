import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { workspaceRoot } from '../../src/workflow/workspace-root.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kumiki-root-'));
  mkdirSync(join(folder, 'project/workflows/deep'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

for (const mark of ['kumiki.yaml', 'package.json', '.git']) {
  test(`the root is the nearest ancestor with ${mark}`, () => {
    writeFileSync(join(folder, mark), '');
    writeFileSync(join(folder, 'project', mark), '');
    assert.equal(workspaceRoot(join(folder, 'project/workflows/deep/a.yaml')), join(folder, 'project'));
  });
}

test("without a mark the root is the workflow's own folder", () => {
  assert.equal(workspaceRoot(join(folder, 'project/workflows/a.yaml')), join(folder, 'project/workflows'));
});
