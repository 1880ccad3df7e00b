/** `kumiki plan` of scripts: what is known of them are their earlier runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';

const outputs = { text: 'file' };
const workflow = {
  params: { word: 'one' },
  stages: {
    first: { run: 'printf %s ${{ params.word }} > ${{ outputs.text }}', outputs },
    second: { run: 'cat ${{ stages.first.outputs.text }} > ${{ outputs.text }}', outputs },
  },
};

test('a script costs nothing known at first, then what its earlier results took', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const costs = async (...options: string[]) => {
    const { stages } = JSON.parse((await workspace.kumiki(['plan', '--json', ...options])).stdout);
    return stages.map(({ cost }: { cost?: { known: number; byMedian: number; resultBytes: number } }) =>
      cost ? [cost.known, cost.byMedian, cost.resultBytes] : undefined,
    );
  };
  assert.deepEqual(await costs(), [
    [0, 0, 0],
    [0, 0, 0],
  ]);
  assert.match((await workspace.kumiki(['plan'])).stdout, /first +1 +\? +\?/);
  assert.equal((await workspace.kumiki(['run'])).exit, 0);
  assert.deepEqual(await costs(), [undefined, undefined]);
  // The same inputs: what it took then. Others, or inputs that are to be made: the median of what it took.
  assert.deepEqual(await costs('--force'), [
    [1, 0, 3],
    [1, 1, 3],
  ]);
  assert.deepEqual(await costs('--set', 'params.word=three'), [
    [1, 1, 3],
    [1, 1, 3],
  ]);
});
