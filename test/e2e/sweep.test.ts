import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from './rig.ts';

const workflow = {
  name: 'lab',
  params: { rate: 0, seed: 0 },
  stages: {
    text: { run: 'date +%N > ${{ outputs.text }}', outputs: { text: 'file' } },
    train: {
      run: `echo \${{ params.rate }} \${{ params.seed }} > \${{ outputs.out }}; cat \${{ stages.text.outputs.text }} >> \${{ outputs.out }}
[ \${{ params.rate }} != 3 ]`,
      outputs: { out: 'file' },
    },
  },
};

test('a sweep runs the grid, shares what it can, names its runs, and goes on after a failure', async () => {
  await using lab = new Workspace({ 'workflow.yaml': workflow });
  const swept = await lab.start(['sweep', '--set', 'params.rate=1,3,2', '--set', 'params.seed=7,8']).finished;
  assert.equal(swept.exit, 1, 'two of its runs failed');
  const runs = JSON.parse((await lab.start(['runs', '--json']).finished).stdout) as {
    name: string;
    state: string;
    finished: { counts: { built: number } };
  }[];
  const ended = runs.toReversed().map(({ name, state, finished }) => [name, state, finished.counts.built]);
  assert.deepEqual(ended, [
    ['lab:rate=1,seed=7', 'done', 2],
    ['lab:rate=1,seed=8', 'done', 1],
    ['lab:rate=3,seed=7', 'failed', 0],
    ['lab:rate=3,seed=8', 'failed', 0],
    ['lab:rate=2,seed=7', 'done', 1],
    ['lab:rate=2,seed=8', 'done', 1],
  ]);
  assert.match(swept.stdout, /6 of 6 runs; side by side: kumiki compare lab:rate=1,seed=7 /);
});

test('a sweep of one value, or of none that can be read, is a request that is wrong', async () => {
  await using lab = new Workspace({ 'workflow.yaml': workflow });
  const single = await lab.start(['sweep', '--set', 'params.rate=1']).finished;
  assert.equal(single.exit, 2);
  assert.match(single.stderr, /a sweep needs a value with several choices/);
  const unreadable = await lab.start(['sweep', '--set', 'params.rate=[1']).finished;
  assert.equal(unreadable.exit, 2);
  assert.match(unreadable.stderr, /--set/);
});
