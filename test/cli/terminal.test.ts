/** The screen on a real (pseudo-)terminal, and the engine behind it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';

const skip = spawnSync('script', ['--version']).status === 0 ? false : 'there is no script(1) to make a terminal with';
const workflow = {
  name: 'terminal',
  stages: {
    slow: { run: 'helper slow ${{ outputs.text }}', outputs: { text: 'file' } },
    next: { run: 'cp ${{ stages.slow.outputs.text }} ${{ outputs.text }}', outputs: { text: 'file' } },
  },
};

test('q leaves a run that goes on; watch comes back to it and ends with it', { skip }, async () => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const screen = workspace.startOnTerminal(['run']);
  const helper = await workspace.helper('slow');
  await screen.printed(/pid \d/);
  screen.child.stdin!.write('q');
  const left = await screen.finished;
  assert.match(left.stdout, /terminal goes on, .*[\s\S]*To come back to it: kumiki watch \S+/);

  const watching = workspace.startOnTerminal(['watch']);
  await watching.printed(/pid \d/);
  await helper.write(helper.args[0]!, 'done\n');
  helper.exit();
  const ended = await watching.finished;
  assert.match(ended.stdout, /✓ terminal done in .* · 2 built/);
  assert.equal((await workspace.kumiki(['output', 'next.text'])).exit, 0);
});

test('Ctrl-C on the screen stops the engine behind it, twice at once', { skip }, async () => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const screen = workspace.startOnTerminal(['run']);
  const helper = await workspace.helper('slow');
  await screen.printed(/pid \d/);
  screen.child.stdin!.write('\u0003');
  await screen.printed(/stopping/);
  screen.child.stdin!.write('\u0003');
  await helper.gone;
  const { exit, stdout } = await screen.finished;
  assert.equal(exit, 130);
  assert.match(stdout, /◌ terminal interrupted after .* · 1 cancelled, 1 skipped/);
});
