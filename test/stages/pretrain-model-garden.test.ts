/** The stage with a recorded trainer behind it; test/fidelity/model-garden-stage.ts has the real one. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { tinyConfigFile, writeRandomRecords } from '../bert/tiny-training.ts';
import { Workspace } from '../e2e/rig.ts';
import { writeFakePython } from '../model-garden/fake-python.ts';

const steps = 24;
const inputs = { records: ['records'], validation: ['records'], data: 'config.yaml', model: 'config.yaml' };

function gardenWorkspace(more: Readonly<Record<string, unknown>> = {}) {
  const workspace = new Workspace({
    'records/.keep': '',
    'config.yaml': { ...tinyConfigFile, trainer: { ...tinyConfigFile.trainer, validation_interval: 12 } },
  });
  const python = writeFakePython(workspace.path('fake'));
  const train = { uses: 'pretrain-model-garden', inputs, with: { steps, python, ...more } };
  workspace.write('workflow.yaml', { name: 'garden', limits: { gpu: 2 }, stages: { train } });
  writeRandomRecords(workspace.path('records/a.tfrecord'), 10, 1);
  writeFileSync(workspace.path('records/b.tfrecord.gz'), gzipSync(readFileSync(workspace.path('records/a.tfrecord'))));
  writeFileSync(workspace.path('records/.keep'), readFileSync(workspace.path('records/a.tfrecord')));
  const fault = (text: string) => workspace.write('fake/fault', text);
  const flags = () =>
    workspace
      .read('fake/calls.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
  const output = async (name: string) => (await workspace.kumiki(['output', `train.${name}`])).stdout.trim();
  return Object.assign(workspace, { fault, flags, output });
}

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);

test("the trainer gets the original's flags and records that it can read; out comes what pretrain gives", async () => {
  await using workspace = gardenWorkspace({
    params_override: 'trainer.max_to_keep=1,task.train_data.input_path=elsewhere',
  });
  const { exit, stdout, stderr } = await workspace.kumiki(['run']);
  assert.equal(exit, 0, stdout + stderr);
  assert.deepEqual(workspace.flags(), [
    [
      ...['-u', '-m', 'official.nlp.train', '--experiment=bert/pretraining', '--mode=train_and_eval'],
      ...['--model_dir=model_dir', '--config_file=data.yaml', '--config_file=model.yaml', '--config_file=run.yaml'],
      '--params_override=runtime.distribution_strategy=one_device',
    ],
  ]);
  const checkpoint = await workspace.output('checkpoint');
  const [name] = [`ckpt-${steps}`];
  const files = ['checkpoint', `${name}.data-00000-of-00001`, `${name}.index`, 'params.yaml'];
  assert.deepEqual(readdirSync(checkpoint).sort(), files, 'max_to_keep=1');
  assert.equal(openCheckpoint(checkpoint).step, steps);
  assert.equal(
    readFileSync(join(checkpoint, 'checkpoint'), 'utf8'),
    `model_checkpoint_path: "${name}"\nall_model_checkpoint_paths: "${name}"\n`,
  );
  const { trainer } = parse(readFileSync(join(checkpoint, 'params.yaml'), 'utf8')) as {
    trainer: { max_to_keep: number };
  };
  assert.equal(trainer.max_to_keep, 1);
  const lines = linesOf(await workspace.output('log'));
  assert.deepEqual(
    lines.map(({ step, validation_loss }) => [step, validation_loss !== undefined]),
    [
      [4, false],
      [8, false],
      [12, false],
      [12, true],
      [16, false],
      [20, false],
      [24, false],
      [24, true],
    ],
  );
  assert.deepEqual(Object.keys(lines[0]!), [
    ...['step', 'training_loss', 'lm_example_loss', 'masked_lm_accuracy'],
    ...['next_sentence_loss', 'next_sentence_accuracy', 'learning_rate'],
  ]);
  assert.equal(lines[3]!.validation_masked_lm_accuracy, 0.25);
  assert.deepEqual(readdirSync(await workspace.output('summaries')).sort(), ['train', 'validation']);
});

test('where it trains is no part of the key; GPUs that were granted mirror the model', async () => {
  await using workspace = gardenWorkspace();
  const run = async (...set: readonly string[]) => {
    const { exit, stdout, stderr } = await workspace.kumiki([
      'run',
      ...set.flatMap((value) => ['--set', `stages.train.${value}`]),
    ]);
    assert.equal(exit, 0, stdout + stderr);
    return / cached/.test(stdout) ? 'cached' : 'built';
  };
  assert.equal(await run('with.runtime=slurm', 'resources.gpu=2'), 'built');
  const last = '--params_override=runtime.distribution_strategy=mirrored,runtime.num_gpus=2';
  assert.equal(workspace.flags()[0]!.at(-1), last);
  assert.equal(await run('with.runtime=local'), 'cached');
  assert.equal(await run(`with.steps=${steps + 4}`), 'built');
});

test('a trainer that was killed with its engine goes on from its last checkpoint', async () => {
  await using workspace = gardenWorkspace();
  workspace.fault('hang 20');
  const run = workspace.start(['run', '--json']);
  const [, pid] = await run.printed(/"attempt-started".*?"pid":(\d+)/);
  await run.printed(/"done":20,/);
  process.kill(-Number(pid), 'SIGKILL');
  await run.finished;
  const again = await workspace.kumiki(['run']);
  assert.equal(again.exit, 0, again.stdout + again.stderr);
  assert.match((await workspace.kumiki(['logs', 'train'])).stdout, /goes on from ckpt-20/);
  const lines = linesOf(await workspace.output('log')).filter((line) => 'training_loss' in line);
  assert.deepEqual(
    lines.map(({ step, training_loss }) => [step, training_loss]),
    [
      [4, 3.75],
      [8, 3.75],
      [12, 3.75],
      [16, 3.75],
      [20, 3.75],
      [24, 23.75],
    ],
    'each step once',
  );
});

test('Ctrl-C ends the trainer too, and says where it will go on', async () => {
  await using workspace = gardenWorkspace();
  workspace.fault('hang 12');
  const run = workspace.start(['run', '--json']);
  await run.printed(/"done":12,/);
  run.child.kill('SIGINT');
  const { exit } = await run.finished;
  assert.equal(exit, 130);
  const { stdout } = await workspace.kumiki(['logs', 'train']);
  assert.match(stdout, /stopped; the last checkpoint is ckpt-12: run again to go on from there/);
  assert.throws(() => process.kill(Number(workspace.read('fake/met')), 0), { code: 'ESRCH' });
});

for (const [fault, message] of [
  ['crash 8', /Model Garden's trainer failed \(exit code 1\): ValueError: a fault of the test\. Its log has the rest/],
  [
    'memory 8',
    /Model Garden's trainer failed \(SIGKILL\): .*may have run out of memory: a smaller batch_size needs less/,
  ],
] as const) {
  test(`a trainer that ends with '${fault}' is told in words`, async () => {
    await using workspace = gardenWorkspace();
    workspace.fault(fault);
    const { exit, stdout, stderr } = await workspace.kumiki(['run']);
    assert.equal(exit, 1);
    assert.match(stdout, message);
    assert.doesNotMatch(stdout + stderr, /\n {4}at /);
  });
}

test('losses and steps come from its event files into the stream of the run', async () => {
  await using workspace = gardenWorkspace();
  const { stdout } = await workspace.kumiki(['run', '--json']);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const told = events.flatMap((event) => (event.type === 'metric' ? [`${event.name} ${event.value}`] : []));
  assert.ok(told.includes('training_loss 3.75') && told.includes('validation_loss 3.75'), told.join(', '));
  const last = events.findLast((event) => event.type === 'progress');
  assert.deepEqual([last?.done, last?.total, last?.unit], [steps, steps, 'steps']);
});

test('in a job of Slurm it is the same, mirrored on the GPUs that the job was granted', async () => {
  await using workspace = gardenWorkspace();
  const bin = workspace.path('cluster');
  mkdirSync(join(bin, 'jobs'), { recursive: true });
  for (const program of ['sbatch', 'squeue', 'scontrol', 'sacct', 'scancel']) {
    copyFileSync(join(import.meta.dirname, '../../../test/slurm/fake-slurm.sh'), join(bin, program));
    chmodSync(join(bin, program), 0o755);
  }
  const settings = ['executor=slurm', 'with.runtime=slurm', 'resources.gpu=2'].flatMap((one) => [
    '--set',
    `stages.train.${one}`,
  ]);
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const { exit, stdout, stderr } = await workspace.kumiki(['run', ...settings], { env });
  assert.equal(exit, 0, stdout + stderr);
  assert.match(workspace.read('cluster/calls'), /^sbatch .*--gres=gpu:2/m);
  const last = '--params_override=runtime.distribution_strategy=mirrored,runtime.num_gpus=2';
  assert.equal(workspace.flags()[0]!.at(-1), last);
  assert.equal(openCheckpoint(await workspace.output('checkpoint')).step, steps);
});

test('pretrain goes on from what it leaves, and it from what pretrain leaves', async () => {
  await using workspace = gardenWorkspace();
  const ours = { uses: 'pretrain', with: { backend: 'wasm', threads: 1 } };
  const theirs = { uses: 'pretrain-model-garden', with: { python: workspace.path('fake/python') } };
  const stage = (trainer: typeof ours | typeof theirs, steps: number, resume?: string) => ({
    uses: trainer.uses,
    inputs: { ...inputs, ...(resume !== undefined && { resume: `\${{ stages.${resume}.outputs.checkpoint }}` }) },
    with: { ...trainer.with, steps },
  });
  const stages = { first: stage(ours, 8), second: stage(theirs, 16, 'first'), third: stage(ours, 24, 'second') };
  workspace.write('workflow.yaml', { stages });
  const { exit, stdout, stderr } = await workspace.kumiki(['run']);
  assert.equal(exit, 0, stdout + stderr);
  const outputOf = async (name: string) => (await workspace.kumiki(['output', name])).stdout.trim();
  const stepsOf = async (name: string) =>
    linesOf(await outputOf(`${name}.log`)).flatMap(({ step, training_loss }) =>
      training_loss === undefined ? [] : [step],
    );
  assert.deepEqual(await stepsOf('second'), [12, 16]);
  assert.deepEqual(await stepsOf('third'), [20, 24]);
  assert.equal(openCheckpoint(await outputOf('third.checkpoint')).step, 24);
});

test('without a Python given, an environment is made once from the pinned requirements', async () => {
  await using workspace = gardenWorkspace();
  workspace.write('workflow.yaml', {
    limits: { gpu: 2 },
    stages: { train: { uses: 'pretrain-model-garden', inputs, with: { steps } } },
  });
  const bin = workspace.path('bin');
  mkdirSync(bin);
  // Answers for its version, makes a venv whose Python is the recorded trainer, and notes what pip is to install.
  const trainer = workspace.path('fake/python');
  const refused = workspace.path('refused');
  const pip = `case "$*" in *pip*) [ -e '${refused}' ] && { cat '${refused}'; exit 1; }; cp "\${@: -1}" '${workspace.path('installed')}'; echo pip >> '${workspace.path('installs')}';; *) exec '${trainer}' "$@";; esac`;
  const venv = `mkdir -p "$3/bin"; printf '%s\\n' '#!/bin/bash' "$PIP" > "$3/bin/python"; chmod +x "$3/bin/python"`;
  writeFileSync(
    join(bin, 'python3.10'),
    `#!/bin/bash\nPIP=$(cat <<'END'\n${pip}\nEND\n)\ncase $1 in -c) echo 3.10;; *) ${venv};; esac\n`,
  );
  chmodSync(join(bin, 'python3.10'), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}`, XDG_CACHE_HOME: workspace.path('user-cache') };
  const train = ['run', '--set', 'stages.train.passEnv=[XDG_CACHE_HOME]'];
  workspace.write(
    'refused',
    'Collecting absl-py\nERROR: No matching distribution found for absl-py\nnotice: a new pip\n',
  );
  const failed = await workspace.kumiki(train, { env });
  assert.match(
    failed.stdout,
    /No matching distribution found for absl-py\. Its log has the rest: .*parameter 'python'/,
  );
  assert.match((await workspace.kumiki(['logs', 'train'])).stdout, /Collecting absl-py\n/);
  rmSync(refused);
  const { exit, stdout, stderr } = await workspace.kumiki(train, { env });
  assert.equal(exit, 0, stdout + stderr + (await workspace.kumiki(['logs', 'train'])).stdout);
  const pinned = workspace.read('installed').trim().split('\n');
  assert.ok(pinned.includes('tf-models-official==2.11.0') && pinned.includes('tensorflow-cpu==2.11.1'));
  assert.ok(
    pinned.every((line) => /^[\w.-]+==[\w.]+$/.test(line)),
    'every one is pinned',
  );
  assert.equal((await workspace.kumiki([...train, '--force'], { env })).exit, 0);
  assert.equal(workspace.read('installs'), 'pip\n');
});

test('a trainer that ends well without a checkpoint has failed', async () => {
  await using workspace = gardenWorkspace();
  writeFileSync(workspace.path('fake/python'), '#!/bin/sh\n[ "$1" = -c ] && echo 2.11.0\nexit 0\n');
  const { exit, stdout } = await workspace.kumiki(['run']);
  assert.equal(exit, 1);
  assert.match(stdout, /ended well, but left no checkpoint: its log tells what it did/);
});

test('a Python without Model Garden, or none, is told in words', async () => {
  await using none = gardenWorkspace({ python: '/nowhere/python' });
  assert.match((await none.kumiki(['run'])).stdout, /python: there is no program \/nowhere\/python/);
  await using bare = gardenWorkspace({ python: 'false' });
  assert.match(
    (await bare.kumiki(['run'])).stdout,
    /python: false has no tf-models-official .*leave the parameter out/,
  );
});
