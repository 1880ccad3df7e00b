import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { readTrainingLog } from '../../src/bert/training/training-log.ts';
import { openModel } from '../../src/huggingface/open-model.ts';
import { type TaskName, taskNames, tasks } from '../../src/jglue/tasks/task.ts';
import jglue from '../../stages/jglue.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { demoFile } from '../jglue/demo-tasks.ts';
import { writeTinyModel } from '../jglue/tiny-model.ts';
import { runStage } from './run-stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));

const model = await writeTinyModel(join(folder, 'model'));
const dictionary = await embeddedIpadic();

interface Given {
  readonly with?: object;
  readonly inputs?: object;
}

function run(t: TestContext, task: TaskName, given: Given = {}) {
  return runStage(t, jglue, {
    with: {
      task,
      learning_rate: 1e-3,
      epochs: 1,
      batch_size: 16,
      max_seq_length: 64,
      backend: 'wasm',
      threads: 1,
      ...given.with,
    },
    inputs: {
      model,
      dictionary,
      train: demoFile(task, 'train'),
      dev: demoFile(task, 'dev'),
      test: demoFile(task, 'dev'),
      ...given.inputs,
    },
  });
}

const jsonLines = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

for (const task of taskNames) {
  test(`${task}: metrics, predictions and log, and a model that gives the same again`, async (t) => {
    const { outputs } = await run(t, task, { with: { save_model: true } });
    const metrics = JSON.parse(readFileSync(outputs.metrics, 'utf8'));
    assert.equal(metrics.task, task);
    for (const part of ['dev', 'test']) {
      for (const name of tasks[task].metrics) assert.equal(typeof metrics[part][name], 'number', `${part} ${name}`);
    }
    const predictions = jsonLines(outputs.predictions);
    const dev = predictions.filter(({ split }) => split === 'dev');
    assert.equal(dev.length, metrics.dev.examples);
    assert.equal(predictions.length, metrics.dev.examples + metrics.test.examples);
    const lines = readTrainingLog(outputs.log);
    assert.equal(lines.filter((line) => line.loss !== undefined).length, metrics.steps);
    assert.ok(lines.every((line) => 'loss' in line === 'learning_rate' in line));

    const saved = await openModel(outputs.model);
    const head = tasks[task].kind === 'span' ? 'qa_outputs' : 'classifier';
    assert.ok(saved.tensors.has(`${head}.weight`) && saved.tensors.has(`${head}.bias`));
    saved.close();
    // A rate that moves nothing: what is saved is what predicted.
    const again = await run(t, task, {
      with: { learning_rate: 1e-30 },
      inputs: { model: outputs.model, head: join(outputs.model, 'model.safetensors') },
    });
    assert.deepEqual(jsonLines(again.outputs.predictions), predictions);
  });
}

test('max_train_examples, and a test set without labels', async (t) => {
  const { outputs } = await run(t, 'jnli', { with: { max_train_examples: 20, epochs: 2 } });
  const metrics = JSON.parse(readFileSync(outputs.metrics, 'utf8'));
  assert.deepEqual([metrics.train_examples, metrics.steps], [20, 4]);
});

const refusals: readonly [string, TaskName, Given, RegExp][] = [
  [
    'a length beyond the positions',
    'jnli',
    { with: { max_seq_length: 512 } },
    /max_seq_length 512 exceeds the model's max_position_embeddings 128 \(.*config\.json\)/,
  ],
  [
    'the file of another task',
    'jnli',
    { inputs: { train: demoFile('jsts', 'train') } },
    /train-v[\d.]+\.json:1: the label of JNLI is the name of a class.*this is a file of JSTS/,
  ],
  [
    'a head of another shape',
    'jnli',
    { inputs: { head: join(model, 'model.safetensors') } },
    /model\.safetensors has no floating-point tensor classifier\.weight/,
  ],
  ['no dictionary', 'jnli', { inputs: { dictionary: undefined } }, /give the input `dictionary`/],
];

for (const [what, task, given, message] of refusals) {
  test(`refused: ${what}`, async (t) => {
    await assert.rejects(run(t, task, given), message);
  });
}

test('what evaluation would stumble over is told before training', async (t) => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const [example = '', other = ''] = readFileSync(demoFile('jsts', 'dev'), 'utf8').split('\n');
  await assert.rejects(
    run(t, 'jsts', { inputs: { dev: file('one.json', example) } }),
    /one\.json:1: there is no other example, and a correlation needs two/,
  );
  const unlabelled = JSON.stringify({ ...JSON.parse(other), label: undefined });
  const some = file('some.json', `${example}\n${unlabelled}\n`);
  const { warnings, outputs } = await run(t, 'jsts', { inputs: { test: some }, with: { max_train_examples: 8 } });
  assert.match(warnings.join('\n'), /some\.json:2: no label, as 1 of 2: there will be no metrics of this file/);
  assert.deepEqual(JSON.parse(readFileSync(outputs.metrics, 'utf8')).test, { examples: 2 });
  const questions = JSON.parse(readFileSync(demoFile('jsquad', 'dev'), 'utf8'));
  const twice = file('twice.json', JSON.stringify({ data: [questions.data[0], questions.data[0]] }));
  await assert.rejects(
    run(t, 'jsquad', { inputs: { dev: twice } }),
    /twice\.json: data\[1\].*: has the id of another question, .*twice\.json: data\[0\]/,
  );
});

test('a correlation with a constant is null in the metrics, and no point of a curve', async (t) => {
  const dev = join(folder, 'constant.json');
  const examples = readFileSync(demoFile('jsts', 'dev'), 'utf8').trim().split('\n').slice(0, 3);
  writeFileSync(dev, examples.map((line) => JSON.stringify({ ...JSON.parse(line), label: 2 })).join('\n'));
  const { outputs, metrics, log } = await run(t, 'jsts', {
    inputs: { dev, test: undefined },
    with: { max_train_examples: 16 },
  });
  const { pearson, spearmanr, loss } = JSON.parse(readFileSync(outputs.metrics, 'utf8')).dev;
  assert.deepEqual([pearson, spearmanr, typeof loss], [null, null, 'number']);
  assert.deepEqual(Object.keys(metrics).sort(), ['eval_loss', 'loss']);
  assert.ok(log.some((line) => line.includes('eval_pearson undefined')));
});

test('refused: pairs for a model of one token type', async (t) => {
  const single = await writeTinyModel(join(folder, 'single'), { type_vocab_size: 1 });
  await assert.rejects(
    run(t, 'jcommonsenseqa', { inputs: { model: single } }),
    /config\.json says type_vocab_size 1: the two texts of JCommonsenseQA need two types/,
  );
  await run(t, 'marc_ja', { inputs: { model: single, test: undefined }, with: { max_train_examples: 16 } });
});

test('refused: the vocabulary of another model', async (t) => {
  const other = await writeTinyModel(join(folder, 'other'));
  const vocab = readFileSync(join(other, 'vocab.txt'), 'utf8');
  writeFileSync(join(other, 'vocab.txt'), `${vocab}一つ多い\n`);
  await assert.rejects(
    run(t, 'jnli', { inputs: { model: other } }),
    /vocab\.txt has 725 tokens, .*config\.json says vocab_size 724: it is the vocabulary of another model/,
  );
  writeFileSync(join(other, 'vocab.txt'), vocab.replace('[SEP]', '[END]'));
  await assert.rejects(run(t, 'jnli', { inputs: { model: other } }), /vocab\.txt has no \[SEP\]/);
});
