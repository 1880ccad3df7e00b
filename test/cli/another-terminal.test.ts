/** A run goes on in one process; others look at it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/run/events.ts';
import { Workspace } from '../e2e/rig.ts';

const files = {
  'workflow.yaml': {
    name: 'watched',
    stages: {
      first: { run: 'echo first > ${{ outputs.text }}', outputs: { text: 'file' } },
      slow: {
        matrix: { n: [1] },
        run: 'helper slow ${{ outputs.text }}',
        inputs: { first: '${{ stages.first.outputs.text }}' },
        outputs: { text: 'file' },
      },
    },
  },
};

test('status, explain, output, runs and logs tell of a run while it goes on', async () => {
  await using workspace = new Workspace(files);
  const run = workspace.start(['run']);
  const slow = await workspace.helper('slow');
  await slow.print('working\n');

  const status = await workspace.kumiki(['status']);
  assert.match(status.stdout, /✓ {2}first +current\n● {2}slow +1 running|● {2}slow +running/);
  assert.match(status.stdout, /run \S+ is running \(pid \d+ on [^)]+\): `kumiki watch /);
  assert.match((await workspace.kumiki(['explain', 'slow'])).stdout, /^slow\[n=1\] is stale: it was never built\n/);
  assert.equal((await workspace.kumiki(['output', 'first.text'])).exit, 0);
  assert.match((await workspace.kumiki(['runs'])).stdout, / running /);
  assert.match((await workspace.kumiki(['logs', 'slow'])).stdout, /==> slow\[n=1\], attempt 1 <==\nworking\n/);

  await slow.write(slow.args[0]!, 'done\n');
  slow.exit();
  assert.equal((await run.finished).exit, 0);
});

test('logs -f stays with a stage from before it starts until the run ends', async () => {
  await using workspace = new Workspace(files);
  const run = workspace.start(['run']);
  const slow = await workspace.helper('slow');
  const follower = workspace.start(['logs', '-f', 'slow']);
  await slow.print('one\n');
  await follower.printed(/^one$/m);
  await slow.print('two\n');
  await follower.printed(/^two$/m);
  await slow.write(slow.args[0]!, 'done\n');
  slow.exit();
  assert.equal((await run.finished).exit, 0);
  const { exit, stdout } = await follower.finished;
  assert.deepEqual([exit, stdout], [0, '==> slow[n=1], attempt 1 <==\none\ntwo\n']);
});

test('watch shows a run of another process to its end, and exits as it does', async () => {
  await using workspace = new Workspace(files);
  const run = workspace.start(['run']);
  const slow = await workspace.helper('slow');
  const watcher = workspace.start(['watch', '--json']);
  await watcher.printed(/attempt-started.*slow/);
  slow.exit(3);
  const [ran, watched] = await Promise.all([run.finished, watcher.finished]);
  assert.deepEqual([ran.exit, watched.exit], [1, 1]);
  const events = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  assert.deepEqual([events[0]?.type, events.at(-1)?.type], ['run-started', 'run-finished']);
});
