/** Pretraining through the command line, killed and stopped: what it leaves is what an undisturbed run leaves, byte for byte. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { tinyConfigFile, tinyShape, writeRandomRecords } from '../bert/tiny-training.ts';
import { type RunningCli, Workspace } from '../e2e/rig.ts';

const steps = 60;

const workflow = {
  name: 'train',
  stages: {
    train: {
      uses: 'pretrain',
      inputs: { records: ['records'], validation: ['validation.tfrecord'], data: 'config.yaml', model: 'config.yaml' },
      with: { steps, seed: 9, backend: 'wasm', threads: 1 },
    },
  },
};

function trainingWorkspace({
  trainer = { ...tinyConfigFile.trainer, checkpoint_interval: 4, validation_interval: 20 },
  vocabSize = tinyShape.vocabSize,
} = {}): Workspace {
  const { model, ...task } = tinyConfigFile.task;
  const bert = { ...model.encoder.bert, vocab_size: vocabSize };
  const config = { task: { ...task, model: { ...model, encoder: { type: 'bert', bert } } }, trainer };
  const workspace = new Workspace({
    'workflow.yaml': workflow,
    'config.yaml': stringify(config),
    'records/.keep': '',
  });
  rmSync(workspace.path('records/.keep'));
  writeRandomRecords(workspace.path('validation.tfrecord'), 9, 2);
  for (const part of [1, 2]) writeRandomRecords(workspace.path(`records/part-${part}.tfrecord`), 30 * part, part);
  return workspace;
}

/** Every byte of the three outputs. */
async function outputs(workspace: Workspace): Promise<Record<string, string>> {
  const run = await workspace.kumiki(['run']);
  assert.equal(run.exit, 0, run.stdout + run.stderr);
  const files: Record<string, string> = {};
  for (const output of ['checkpoint', 'log', 'summaries']) {
    const path = (await workspace.kumiki(['output', `train.${output}`])).stdout.trim();
    const names = output === 'log' ? [''] : (readdirSync(path, { recursive: true }) as string[]);
    for (const name of names.filter((name) => name === '' || name.includes('.') || name === 'checkpoint')) {
      files[`${output}/${name}`] = readFileSync(join(path, name)).toString('latin1');
    }
  }
  return files;
}

const undisturbed = (async () => {
  await using workspace = trainingWorkspace();
  return await outputs(workspace);
})();

/** Resolves with the first step of this run that is reported at or after `step`; to undefined if it ends before. */
async function reached(run: RunningCli, step: number): Promise<number | undefined> {
  const later = Array.from({ length: steps - step }, (_, i) => step + i).join('|');
  return run.printed(new RegExp(`"progress".*"done":(${later}),`)).then(
    ([, done]) => Number(done),
    () => undefined,
  );
}

/** The stage's own process, as the run tells of it. */
async function stagePid(run: RunningCli): Promise<number> {
  const [, pid] = await run.printed(/"attempt-started".*?"pid":(\d+)/);
  return Number(pid);
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
}

test('killed at twenty random steps, engine, stage or both, it ends as if nothing had happened', async () => {
  const { randint } = cpythonRandom(20);
  const expected = await undisturbed;
  let kills = 0;
  while (kills < 20) {
    await using workspace = trainingWorkspace();
    let from = 1;
    for (;;) {
      const run = workspace.start(['run', '--json']);
      const at = await reached(run, Math.min(from + randint(0, 5), steps - 1));
      if (at === undefined) break;
      from = at;
      const victims = { 0: ['engine'], 1: ['stage'], 2: ['stage', 'engine'] }[kills % 3]!;
      if (victims.includes('stage')) kill(await stagePid(run));
      if (victims.includes('engine')) kill(run.child.pid);
      const { exit } = await run.finished;
      assert.ok(exit === 'SIGKILL' || exit === 1 || exit === 0, `${exit}`);
      kills++;
    }
    assert.deepEqual(await outputs(workspace), expected);
  }
});

const ways = [
  { name: 'Ctrl-C of the run', exit: 130, stop: async (run: RunningCli): Promise<unknown> => run.child.kill('SIGINT') },
  {
    name: 'a preemption of the stage',
    exit: 1,
    stop: async (run: RunningCli): Promise<unknown> => process.kill(await stagePid(run), 'SIGTERM'),
  },
];
for (const { name, exit, stop } of ways) {
  test(`${name} writes a checkpoint, and the next run goes on from it`, async () => {
    await using workspace = trainingWorkspace();
    const run = workspace.start(['run', '--json']);
    assert.notEqual(await reached(run, 5), undefined);
    await stop(run);
    const stopped = await run.finished;
    assert.equal(stopped.exit, exit, stopped.stdout);
    const { stdout } = await workspace.kumiki(['logs', 'train']);
    const [, step] = /stopped at step (\d+) of 60, with a checkpoint: run again to go on from there/.exec(stdout) ?? [];
    assert.ok(Number(step) >= 5, stdout);
    const next = await workspace.kumiki(['run', '--json']);
    assert.match(next.stdout, /"resumed":true/);
    assert.match((await workspace.kumiki(['logs', 'train'])).stdout, new RegExp(`goes on from step ${step};`));
    assert.deepEqual(await outputs(workspace), await undisturbed);
  });
}

test('a checkpoint that does not fit on the disk is named, and with more room the training goes on', async (t) => {
  await using workspace = trainingWorkspace({
    trainer: { ...tinyConfigFile.trainer, steps_per_loop: 2, checkpoint_interval: 2, max_to_keep: 3 },
    vocabSize: 20_000, // 1.9 MB a checkpoint
  });
  workspace.write('cache/.gitignore', '*\n');
  const mount = (...args: readonly string[]) => spawnSync('mount', [...args, workspace.path('cache')]).status === 0;
  if (!mount('-t', 'tmpfs', '-o', 'size=5m', 'tmpfs')) {
    t.skip('this process may not mount a file system');
    return;
  }
  try {
    const args = ['run', '--set', 'stages.train.with.steps=10'];
    const full = await workspace.kumiki(args);
    assert.equal(full.exit, 1);
    assert.match(full.stdout, /ckpt-6\.data-00000-of-00001\.unfinished: the disk is full\. Make room and run again/);
    assert.ok(mount('-o', 'remount,size=40m', 'tmpfs'));
    const rerun = await workspace.kumiki(args);
    assert.equal(rerun.exit, 0, rerun.stdout);
    assert.match((await workspace.kumiki(['logs', 'train'])).stdout, /goes on from step 4;/);
  } finally {
    spawnSync('umount', ['-l', workspace.path('cache')]);
  }
});
