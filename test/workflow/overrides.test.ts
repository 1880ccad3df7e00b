import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, instance, planOf } from './workspace.ts';

const base = `params: {seed: 1, sizes: [1, 2], model: {layers: 2, heads: 4}}
configs: {model: base.json}
limits: {cpu: 4}
stages:
  train:
    run: train \${{ params.seed }} \${{ params.model.layers }}
    matrix: {size: "\${{ params.sizes }}"}
    env: {LEVEL: low, KEEP: "1"}
    retry: {attempts: 3, delay: 1s}
    outputs: {out: file}
  extra: {run: x}
`;
const files = { 'base/base.yaml': base, 'base.json': '{"n": 1}', 'other.json': '{"n": 2}' };

test('what extends merges maps key by key, replaces lists and scalars, and removes by null', async () => {
  const plan = await planOf(
    `extends: base/base.yaml
params: {sizes: [3], model: {layers: 6}}
stages:
  train: {env: {LEVEL: high}, retry: null}
  extra: null
  more: {run: "cat \${{ stages.train.outputs.out }}"}
`,
    files,
  );
  assert.deepEqual(plan.params, { seed: 1, sizes: [3], model: { layers: 6, heads: 4 } });
  assert.deepEqual(
    plan.instances.map(({ id }) => id),
    ['train[size=3]', 'more'],
  );
  const train = instance(plan, 'train[size=3]');
  assert.deepEqual(train.env, { LEVEL: 'high', KEEP: '1' });
  assert.equal(train.retry.attempts, 1);
});

test('extends goes over several files, each path from the folder of its file', async () => {
  const plan = await planOf('extends: middle/middle.yaml\nparams: {seed: 3}', {
    ...files,
    'middle/middle.yaml': 'extends: ../base/base.yaml\nparams: {seed: 2, extra: true}\n',
  });
  assert.equal(plan.params.seed, 3);
  assert.equal(plan.params.extra, true);
});

test('below params null is a value', async () => {
  const plan = await planOf('extends: base/base.yaml\nparams: {model: null}\nstages: {train: {run: x}}', files);
  assert.equal(plan.params.model, null);
});

test('--set replaces a value, read as YAML, and is recorded', async () => {
  const set = [
    'params.seed=7',
    'params.sizes=[5, 6]',
    'params.new={a: [1]}',
    'stages.extra=null',
    'stages.train.env.LEVEL=a=b',
  ];
  const plan = await planOf(base, files, { set });
  assert.deepEqual(plan.params, { seed: 7, sizes: [5, 6], model: { layers: 2, heads: 4 }, new: { a: [1] } });
  assert.deepEqual(
    plan.instances.map(({ id }) => id),
    ['train[size=5]', 'train[size=6]'],
  );
  assert.equal(instance(plan, 'train[size=5]').env.LEVEL, 'a=b');
  assert.deepEqual(
    plan.overrides,
    set.map((setting) => `--set ${setting}`),
  );
});

test('--config puts another file in the place of a named one, and is recorded', async () => {
  const workflow = 'configs: {model: base.json}\nstages: {a: {run: x, inputs: {m: "${{ configs.model }}"}}}';
  const plan = await planOf(workflow, files, { config: ['model=other.json'] });
  assert.deepEqual(instance(plan, 'a').inputs[0]!.sources, [{ kind: 'value', value: { n: 2 } }]);
  assert.deepEqual(plan.overrides, ['--config model=other.json']);
});

test('the path of a config may be an expression over params', async () => {
  const plan = await planOf(
    'params: {which: other}\nconfigs: {m: "${{ params.which }}.json"}\nstages: {a: {run: "echo ${{ configs.m.n }}"}}',
    files,
  );
  const { action } = instance(plan, 'a');
  assert.deepEqual(action.kind === 'run' && action.script[1], { words: ['2'] });
});

test('a mistake in what is inherited is shown in the file where it stands', async () => {
  const compiled = await compileText('extends: base/base.yaml\nparams: {model: {layers: null}}', {
    ...files,
    'base/base.yaml': base.replace('params.seed', 'params.sede'),
  });
  assert.ok(!compiled.ok);
  const [{ at, message }] = compiled.diagnostics as [(typeof compiled.diagnostics)[0]];
  assert.match(at.file, /base\/base\.yaml$/);
  assert.deepEqual([at.line, message], [6, "params has no 'sede'"]);
});

test('--set of a parameter that is called nearly as another is warned about; of a wholly new one not', async () => {
  const warningsOf = async (set: string) => {
    const compiled = await compileText(base, { 'base.json': '{}' }, { set: [set] });
    assert.ok(compiled.ok);
    return compiled.warnings.map(({ message, hint }) => `${message}: ${hint}`);
  };
  assert.deepEqual(await warningsOf('params.sede=2'), ["params has no 'sede': did you mean 'seed'?"]);
  assert.deepEqual(await warningsOf('params.model.layer=2'), ["params.model has no 'layer': did you mean 'layers'?"]);
  assert.deepEqual(await warningsOf('params.model={layer: 2}'), []);
  assert.deepEqual(await warningsOf('params.seed=2'), []);
  assert.deepEqual(await warningsOf('params.comment=none'), []);
});
