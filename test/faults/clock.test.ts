/** A clock that is set back, or was ahead for a while, may cost a digest, never a wrong result. */
import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';

const workflow = {
  publish: { 'out.txt': '${{ stages.copy.outputs.text }}' },
  stages: {
    copy: {
      inputs: { text: 'a.txt' },
      run: 'cp ${{ inputs.text }} ${{ outputs.text }}',
      outputs: { text: 'file' },
    },
  },
};

/** Options for Node that move what its clock says. */
const shifted = (hours: number) => {
  const code = `const now = Date.now; Date.now = () => now() + ${hours} * 3600000;`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
};

for (const [title, hours] of [
  ['set back by a day', -24],
  ['ahead by a day, and set right', 24],
] as const) {
  test(`a clock ${title}: edits are seen, what is current stays current`, async () => {
    await using workspace = new Workspace({ 'workflow.yaml': workflow, 'a.txt': 'one\n' });
    const [first, second] = hours < 0 ? [{}, shifted(hours)] : [shifted(hours), {}];
    const run = (env: Record<string, string>) => workspace.kumiki(['run'], { env });
    assert.match((await run(first)).stdout, /1 built/);
    assert.match((await run(second)).stdout, /1 cached/);

    workspace.write('a.txt', 'two\n');
    assert.match((await run(second)).stdout, /1 built/);
    assert.equal(workspace.read('out.txt'), 'two\n');

    // Same size, and times of long ago: only the time of the change itself tells.
    workspace.write('a.txt', 'six\n');
    utimesSync(workspace.path('a.txt'), 1_000_000_000, 1_000_000_000);
    assert.match((await run(second)).stdout, /1 built/);
    assert.equal(workspace.read('out.txt'), 'six\n');

    workspace.write('a.txt', 'two\n');
    assert.match((await run(first)).stdout, /1 cached/);
    assert.equal(workspace.read('out.txt'), 'two\n');
  });
}
