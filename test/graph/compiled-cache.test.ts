import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { compileCached } from '../../src/graph/compiled-cache.ts';
import { folderState } from '../../src/graph/folder-state.ts';
import { openSources } from '../../src/store/sources.ts';
import { stages, workspace } from '../workflow/workspace.ts';

/** Waits until a folder has been left alone for so long that its times tell of every later change. */
async function settled(folder: string): Promise<void> {
  while (folderState(folder) === undefined) await turn();
}

test('a file that went from a settled folder is noticed though the plan is cached, and so is its return', async () => {
  const root = workspace({
    'workflow.yaml': 'stages: {a: {run: "cat ${{ inputs.x }} ${{ inputs.y }}", inputs: {x: in/x, y: in/y}}}',
    'in/x': '',
    'in/y': '',
  });
  await settled(join(root, 'in'));
  const directory = join(root, 'cache');
  const compileAgain = async () => {
    const options = { set: [], config: [], env: {}, stages };
    return (
      await compileCached(join(root, 'workflow.yaml'), options, { directory, sources: await openSources(directory) })
    ).ok;
  };
  assert.equal(await compileAgain(), true);
  rmSync(join(root, 'in/y'));
  assert.equal(await compileAgain(), false);
  writeFileSync(join(root, 'in/y'), '');
  assert.equal(await compileAgain(), true);
});

test('a folder that has just changed proves nothing', async () => {
  const root = workspace({ 'in/x': '' });
  const folder = join(root, 'in');
  await settled(folder);
  const before = folderState(folder);
  writeFileSync(join(folder, 'y'), '');
  assert.equal(folderState(folder), undefined);
  await settled(folder);
  assert.notEqual(folderState(folder), before);
  assert.equal(folderState(join(root, 'none')), undefined);
});
