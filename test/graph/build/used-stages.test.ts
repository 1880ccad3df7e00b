import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, instance, planOf, sourcesOf } from '../../workflow/workspace.ts';

const files = {
  'a.txt': 'text',
  'model.yaml': '# a comment\nlayers: 2\nheads: {n: 4}\n',
  'dir/x': '',
  'ckpt-1.index': '',
};
const train = (rest: string) => `stages:\n  a:\n    uses: train\n${rest.replace(/^/gm, '    ')}`;
const trained = async (rest: string) => instance(await planOf(train(rest), files), 'a');

test('parameters are read by the schema of the stage, defaults included', async () => {
  const a = await trained('with: {steps: 5, backend: wasm}\ninputs: {records: a.txt}');
  assert.deepEqual(a.with, { steps: 5, rate: 0.001, optimizer: 'adam', backend: 'wasm', seed: 0 });
  assert.deepEqual(a.action, { kind: 'builtin', name: 'train' });
  assert.deepEqual(a.outputs, { checkpoint: 'directory', log: 'file' });
});

test('parameters that say how are outside the recipe; the version is in it', async () => {
  const inputs = 'inputs: {records: a.txt}';
  const recipe = (await trained(`with: {steps: 5, backend: wasm}\n${inputs}`)).recipe;
  assert.equal(recipe, (await trained(`with: {steps: 5}\n${inputs}`)).recipe);
  assert.notEqual(recipe, (await trained(`with: {steps: 6}\n${inputs}`)).recipe);
  assert.deepEqual(JSON.parse(recipe), {
    uses: 'train',
    version: 3,
    with: { steps: 5, rate: 0.001, optimizer: 'adam', seed: 0 },
    env: {},
    outputs: { checkpoint: 'directory', log: 'file' },
  });
});

test('a default written out gives the same recipe as one left out', async () => {
  const inputs = 'inputs: {records: a.txt}';
  assert.equal(
    (await trained(`with: {steps: 5, rate: 1.0e-3}\n${inputs}`)).recipe,
    (await trained(`with: {steps: 5}\n${inputs}`)).recipe,
  );
});

test('a parameter that comes to null is not given: it takes its default, and a required one is missed', async () => {
  const inputs = 'inputs: {records: a.txt}';
  const given = await trained(`with: {steps: 5, rate: "\${{ null }}", teacher: null}\n${inputs}`);
  assert.deepEqual(given.with, { steps: 5, rate: 0.001, optimizer: 'adam', backend: 'auto', seed: 0 });
  const compiled = await compileText(train(`with: {steps: null}\n${inputs}`), files);
  assert.ok(!compiled.ok);
  assert.match(compiled.diagnostics[0]!.message, /train needs the parameter 'steps'/);
});

test('unfinished work is identified by what the stage names, not by its version', async () => {
  const { resume } = await trained('with: {steps: 5, rate: 0.1, seed: 2}\ninputs: {records: a.txt}');
  assert.deepEqual(resume, { recipe: '{"uses":"train","with":{"seed":2,"steps":5}}', inputs: ['records'] });
});

test('the identity of a stage takes the place of its parameters, where it has one', async () => {
  const plan = await planOf(`stages:
  a: {uses: download, with: {url: "https://a/x", sha256: abc}}
  b: {uses: download, with: {url: "https://b/x", sha256: abc}}
  c: {uses: download, with: {url: "https://b/x"}}`);
  const [a, b, c] = ['a', 'b', 'c'].map((id) => instance(plan, id));
  assert.equal(a!.recipe, b!.recipe);
  assert.deepEqual(JSON.parse(c!.recipe).with, { url: 'https://b/x' });
});

test('resources of the stage are defaults, within the limits of the workflow', async () => {
  const rest = 'uses: train\n    with: {steps: 1}\n    inputs: {records: a.txt}';
  const withLimits = await planOf(
    `limits: {cpu: 1, gpu: 2}\nstages:\n  a:\n    ${rest}\n    resources: {memory: 2GiB}`,
    files,
  );
  assert.deepEqual(instance(withLimits, 'a').resources, { cpu: 1, memory: 2 * 1024 ** 3, gpu: 1 });
  const without = await planOf(`stages:\n  a:\n    ${rest}`, files);
  assert.deepEqual(instance(without, 'a').resources, { cpu: 2, memory: 1024 ** 3 });
});

test('a config input is its value, from configs, a subtree, or a file', async () => {
  const plan = await planOf(
    `configs: {base: model.yaml}
stages:
  whole: {uses: train, with: {steps: 1}, inputs: {records: a.txt, model: "\${{ configs.base }}"}}
  part: {uses: train, with: {steps: 1}, inputs: {records: a.txt, model: "\${{ configs.base.heads }}"}}
  file: {uses: train, with: {steps: 1}, inputs: {records: a.txt, model: model.yaml}}
  made: {uses: train, with: {steps: 1}, inputs: {records: a.txt, model: "\${{ stages.whole.outputs.log }}"}}
  script: {run: "cat \${{ inputs.m }}", inputs: {m: "\${{ configs.base }}"}}`,
    files,
  );
  const value = '{"layers":2,"heads":{"n":4}}';
  assert.deepEqual(sourcesOf(plan, 'whole', 'model'), [value]);
  assert.deepEqual(sourcesOf(plan, 'part', 'model'), ['{"n":4}']);
  assert.deepEqual(sourcesOf(plan, 'file', 'model'), [value]);
  assert.deepEqual(sourcesOf(plan, 'made', 'model'), ['whole.log']);
  assert.deepEqual(sourcesOf(plan, 'script', 'm'), [value]);
});

test('a list input is a list even of one; a checkpoint may be a prefix', async () => {
  const { inputs } = await trained('with: {steps: 1}\ninputs: {records: a.txt, data: dir/, init: ckpt-1}');
  assert.deepEqual(inputs, [
    { name: 'records', list: true, kind: 'file', sources: [{ kind: 'path', path: 'a.txt' }] },
    { name: 'data', list: false, kind: 'directory', sources: [{ kind: 'path', path: 'dir' }] },
    { name: 'init', list: false, kind: 'checkpoint', sources: [{ kind: 'path', path: 'ckpt-1' }] },
  ]);
});

test('an optional input that comes to null is left out', async () => {
  const { inputs } = await trained('with: {steps: 1}\ninputs: {records: a.txt, init: "${{ false && \'x\' || null }}"}');
  assert.deepEqual(
    inputs.map(({ name }) => name),
    ['records'],
  );
});

test('a result in a parameter is a path by type, and an input', async () => {
  const plan = await planOf(
    `stages:
  big: {run: x, outputs: {out: directory}}
  a:
    uses: train
    with: {steps: 1, teacher: "\${{ stages.big.outputs.out }}/model:\${{ inputs.records[0] }}"}
    inputs: {records: a.txt}`,
    files,
  );
  const a = instance(plan, 'a');
  const text = { $text: [{ input: 'stages.big.outputs.out', item: 0 }, '/model:', { input: 'records', item: 0 }] };
  assert.deepEqual(a.with.teacher, text);
  assert.deepEqual(JSON.parse(a.recipe).with.teacher, text);
  assert.deepEqual(a.dependsOn, [0]);
});

test("a user's module is an input of its stage", async () => {
  const module = `export default {
  name: 'mine', version: 1, description: 'x', inputs: {}, outputs: {out: {kind: 'file', description: 'x'}},
  params: { shape: {n: {}}, safeParse: (data) => ({success: true, data}) }, async run() {},
};`;
  const plan = await planOf('stages: {a: {uses: ./stages/mine.mjs, with: {n: 1}}}', { 'stages/mine.mjs': module });
  const a = instance(plan, 'a');
  assert.deepEqual(a.action, { kind: 'module', path: 'stages/mine.mjs' });
  assert.deepEqual(a.inputs, [
    { name: '@module', list: false, kind: 'file', sources: [{ kind: 'path', path: 'stages/mine.mjs' }] },
  ]);
});
