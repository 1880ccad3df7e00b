import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { readRecords } from '../../src/tensorflow/tfrecord.ts';
import pretrain from '../../stages/pretrain.ts';
import { tinyConfigFile, writeRandomRecords } from '../bert/tiny-training.ts';
import { Workspace } from '../e2e/rig.ts';
import { runStage } from './run-stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-pretrain-stage-'));
after(() => rmSync(folder, { recursive: true }));

const config = join(folder, 'config.yaml');
const records = join(folder, 'train.tfrecord');
const validation = join(folder, 'validation.tfrecord');
writeFileSync(config, stringify(tinyConfigFile));
writeRandomRecords(records, 20, 1);
writeRandomRecords(validation, 8, 2);
const inputs = { records: [records], validation: [validation], data: config, model: config };

test('a training gives a model directory, a log, and summaries for TensorBoard', async (t) => {
  const { outputs, metrics, progress, log } = await runStage(t, pretrain, {
    with: { steps: 10, backend: 'wasm', threads: 1, micro_batch_size: 4 },
    inputs,
  });
  assert.deepEqual(
    readdirSync(outputs.checkpoint)
      .filter((name) => !name.startsWith('ckpt'))
      .sort(),
    ['checkpoint', 'params.yaml'],
  );
  const params = readFileSync(join(outputs.checkpoint, 'params.yaml'), 'utf8');
  assert.match(params, /^ {2}steps_per_loop: 4$/m);
  assert.match(params, /^ {2}train_steps: 10$/m, 'as it was trained');
  const lines = readFileSync(outputs.log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
  assert.deepEqual(
    lines.map(({ step, validation_loss }) => [step, validation_loss !== undefined]),
    [
      [4, false],
      [8, false],
      [10, false],
      [10, true],
    ],
  );
  const names = [
    'step',
    'training_loss',
    'lm_example_loss',
    'masked_lm_accuracy',
    'next_sentence_loss',
    'next_sentence_accuracy',
  ];
  assert.deepEqual(Object.keys(lines[0]!), [...names, 'learning_rate']);
  assert.deepEqual(Object.keys(lines[3]!), [
    'step',
    'validation_loss',
    ...names.slice(2).map((name) => `validation_${name}`),
  ]);
  assert.deepEqual(readdirSync(outputs.summaries).sort(), ['train', 'validation']);
  for (const folder of ['train', 'validation']) {
    const [file] = readdirSync(join(outputs.summaries, folder));
    let events = 0;
    for await (const event of readRecords(join(outputs.summaries, folder, file!))) events += event.length > 0 ? 1 : 0;
    assert.equal(events, folder === 'train' ? 4 : 2, 'the version, then one event a line');
  }
  assert.deepEqual(progress.at(-1), { done: 10, total: 10, unit: 'steps' });
  assert.ok(metrics['tokens/s']! > 0 && metrics.loss! > 0 && metrics.validation_loss! > 0);
  assert.match(log[0]!, /^starts from fresh weights; WebAssembly.*, 3 sequences at once$/);
  assert.match(
    log.at(-2)!,
    /^step 10: loss \d\.\d{4} \(masked LM .*\), accuracy .*, rate .*, \d+ tokens\/s, validation_loss \d/,
  );
});

test('how it is computed is no part of the key; what is computed is', async () => {
  const stages = { train: { uses: 'pretrain', inputs, with: { steps: 2, backend: 'wasm', threads: 1 } } };
  await using workspace = new Workspace({ 'workflow.yaml': { stages } });
  const run = async (...set: readonly string[]) => {
    const { exit, stdout, stderr } = await workspace.kumiki([
      'run',
      ...set.flatMap((value) => ['--set', `stages.train.with.${value}`]),
    ]);
    assert.equal(exit, 0, stdout + stderr);
    return / cached/.test(stdout) ? 'cached' : 'built';
  };
  assert.equal(await run(), 'built');
  assert.equal(await run('micro_batch_size=2'), 'cached');
  assert.equal(await run('backend=auto', 'threads=2'), 'cached');
  assert.equal(await run('replicas=2'), 'built');
  assert.equal(await run('params_override=trainer.max_to_keep=1'), 'built');
});

test('a typo in a configuration fails with the key and the nearest name, without a stack', async () => {
  const workspaceInputs = { records: ['train.tfrecord'], data: 'config.yaml', model: 'config.yaml' };
  await using workspace = new Workspace({
    'workflow.yaml': { stages: { train: { uses: 'pretrain', inputs: workspaceInputs, with: { backend: 'wasm' } } } },
    'config.yaml': { ...tinyConfigFile, trainer: { ...tinyConfigFile.trainer, step_per_loop: 3 } },
  });
  writeRandomRecords(workspace.path('train.tfrecord'), 8, 1);
  const { exit, stdout, stderr } = await workspace.kumiki(['run']);
  assert.equal(exit, 1);
  assert.match(stdout, /trainer\.step_per_loop: there is no such key; did you mean 'steps_per_loop'\?/);
  assert.doesNotMatch(stdout + stderr, /\n {4}at /);
});
