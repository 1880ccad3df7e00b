/** Ctrl-C while jobs run, through the real CLI on a stand-in for Slurm: the second one ends at once, and says what may be left. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Workspace } from '../e2e/rig.ts';

const standIn = join(import.meta.dirname, '../../../test/slurm/fake-slurm.sh');
const terminal = {
  skip: spawnSync('script', ['--version']).status === 0 ? false : 'there is no script(1) to make a terminal with',
};

/** Two jobs that leave a line when they start, and end once the gate is there, or death. */
const gated = `
slurm: { partition: main }
stages:
  slow:
    executor: slurm
    matrix: { n: [1, 2] }
    outputs: { out: file }
    run: |
      echo started >> starts
      for turn in {1..1000}; do
        [ -e gate ] && break
        [ -e death ] && kill -KILL $$
        sleep 0.05
      done
      echo \${{ matrix.n }} > \${{ outputs.out }}
`;

function clusterWorkspace() {
  const workspace = new Workspace({ 'workflow.yaml': gated, 'kumiki.yaml': 'slurm: { pollInterval: 500ms }\n' });
  const bin = workspace.path('cluster');
  mkdirSync(join(bin, 'jobs'), { recursive: true });
  for (const program of ['sbatch', 'squeue', 'scontrol', 'sacct', 'scancel']) {
    copyFileSync(standIn, join(bin, program));
    chmodSync(join(bin, program), 0o755);
  }
  const options = { env: { PATH: `${workspace.path('../bin')}:${bin}:${process.env.PATH}` } };
  const started = async () => {
    while (!workspace.has('starts') || workspace.read('starts') !== 'started\nstarted\n') await delay(20);
  };
  return Object.assign(workspace, {
    options,
    started,
    stuck: () => writeFileSync(join(bin, 'stuck'), ''),
    answers: () => rmSync(join(bin, 'stuck')),
    cancelling: async () => {
      while (!/^scancel /m.test(readFileSync(join(bin, 'calls'), 'utf8'))) await delay(20);
    },
    ended: async () => {
      const jobs = readdirSync(workspace.path('cache/slurm')).filter((name) => /^[0-9a-f]{64}$/.test(name));
      assert.equal(jobs.length, 2);
      while (!jobs.every((name) => workspace.has(`cache/slurm/${name}/.exit`))) await delay(20);
    },
    submissions: () => readFileSync(join(bin, 'calls'), 'utf8').match(/^sbatch /gm)?.length,
  });
}

const leftLine = /jobs 7_0, 7_1 may still run on Slurm: `scancel 7` ends them, `kumiki watch` goes on with them/;

test('a second Ctrl-C while Slurm does not answer ends at once and names the jobs; watch goes on with them, each runs once', async () => {
  await using workspace = clusterWorkspace();
  workspace.stuck();
  const run = workspace.start(['run', '--json'], workspace.options);
  await workspace.started();
  await run.printed(/"attempt-started"[\s\S]*"attempt-started"/);
  run.child.kill('SIGINT');
  await workspace.cancelling();
  run.child.kill('SIGINT');
  const { exit, stdout } = await run.finished;
  assert.equal(exit, 130);
  assert.match(stdout, leftLine);
  assert.equal(stdout.match(/may still run/g)?.length, 1, 'one line for all');
  assert.match(stdout, /"run-finished","outcome":"interrupted"/);
  workspace.write('gate', '');
  const watch = await workspace.kumiki(['watch'], workspace.options);
  assert.equal(watch.exit, 0, watch.stdout + watch.stderr);
  assert.match(watch.stderr, /left jobs on Slurm: taking up what is there in a new run/);
  assert.equal(workspace.read('starts'), 'started\nstarted\n');
  assert.equal(workspace.submissions(), 1);
  workspace.answers();
});

test('jobs that heeded the second Ctrl-C are submitted again by the next run, which does not fail by their end', async () => {
  await using workspace = clusterWorkspace();
  workspace.stuck();
  const run = workspace.start(['run', '--json'], workspace.options);
  await workspace.started();
  await run.printed(/"attempt-started"[\s\S]*"attempt-started"/);
  for (const reached of [workspace.cancelling(), run.finished]) {
    run.child.kill('SIGINT');
    await reached;
  }
  workspace.answers();
  workspace.write('death', '');
  await workspace.ended();
  rmSync(workspace.path('death'));
  workspace.write('gate', '');
  const again = await workspace.kumiki(['run'], workspace.options);
  assert.equal(again.exit, 0, again.stdout + again.stderr);
  assert.equal(workspace.submissions(), 2);
});

test('on a terminal the first Ctrl-C asks, the second one during cancelling ends at once', terminal, async () => {
  await using workspace = clusterWorkspace();
  workspace.stuck();
  const screen = workspace.startOnTerminal(['run'], workspace.options);
  await workspace.started();
  await screen.printed(/on the cluster/);
  screen.child.stdin!.write('\u0003');
  await screen.printed(/cancel the jobs on Slurm\? no: they go on, `kumiki watch` comes back to them/);
  screen.child.stdin!.write('y');
  await screen.printed(/stopping/);
  await workspace.cancelling();
  screen.child.stdin!.write('\u0003');
  const { exit, stdout } = await screen.finished;
  assert.equal(exit, 130);
  assert.match(stdout, leftLine);
  workspace.write('gate', '');
  workspace.answers();
  await workspace.ended();
});

test('with no the jobs go on, and watch takes them up', terminal, async () => {
  await using workspace = clusterWorkspace();
  const screen = workspace.startOnTerminal(['run'], workspace.options);
  await workspace.started();
  await screen.printed(/on the cluster/);
  screen.child.stdin!.write('\u0003');
  await screen.printed(/cancel the jobs on Slurm\?/);
  screen.child.stdin!.write('n');
  assert.equal((await screen.finished).exit, 130);
  workspace.write('gate', '');
  const watch = await workspace.kumiki(['watch'], workspace.options);
  assert.equal(watch.exit, 0, watch.stdout + watch.stderr);
  assert.equal(workspace.submissions(), 1);
});
