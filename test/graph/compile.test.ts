import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { envDigest, globDigest } from '../../src/graph/compile-sources.ts';
import { compileIn, instance, planOf, sourcesOf, workspace } from '../workflow/workspace.ts';

test('the sources of a plan are all files, variables, patterns and existing paths that decided it', async () => {
  const root = workspace({
    'workflow.yaml': `extends: base.yaml
configs: {model: model.yaml}
stages:
  a: {run: x, inputs: {x: a.txt, y: "\${{ glob('texts/*') }}"}, env: {A: "\${{ env('SET') }}", B: "\${{ env('UNSET', '') }}"}}
  b: {uses: train, with: {steps: 1}, inputs: {records: a.txt, model: other.json}}`,
    'base.yaml': 'params: {x: 1}',
    'model.yaml': 'n: 1',
    'other.json': '{}',
    'a.txt': '',
    'texts/b.txt': '',
  });
  const compiled = await compileIn(root, { env: { SET: 'value' } });
  assert.ok(compiled.ok);
  const { files, env, globs, exists } = compiled.sources;
  const names = files.map(({ path }) => relative(root, path)).filter((path) => !path.startsWith('..'));
  assert.deepEqual(names.sort(), ['base.yaml', 'model.yaml', 'other.json', 'workflow.yaml']);
  assert.ok(files.some(({ path }) => path.endsWith('/stages/train.js')));
  assert.ok(files.every(({ digest }) => /^sha256:[0-9a-f]{64}$/.test(digest)));
  assert.deepEqual(env, [
    { name: 'SET', digest: envDigest('value') },
    { name: 'UNSET', digest: null },
  ]);
  assert.deepEqual(globs, [{ patterns: ['texts/*'], digest: globDigest(root, ['texts/*']) }]);
  assert.deepEqual(
    exists.map(({ folder, names }) => ({ folder, names })),
    [
      { folder: root, names: ['a.txt'] },
      { folder: join(root, 'texts'), names: ['b.txt'] },
    ],
  );
});

test('paths start from the workspace root, not from the folder of the workflow', async () => {
  const root = workspace({ 'deep/workflow.yaml': 'stages: {a: {run: x, inputs: {x: a.txt}}}', 'a.txt': '' });
  const compiled = await compileIn(join(root, 'deep'));
  assert.ok(compiled.ok);
  assert.equal(compiled.plan.root, root);
  assert.deepEqual(sourcesOf(compiled.plan, 'a', 'x'), ['a.txt']);
});

test('a workflow without a name is called as its file', async () => {
  assert.equal((await planOf('stages: {a: {run: x}}')).name, 'workflow');
  assert.equal((await planOf('name: mine\nstages: {a: {run: x}}')).name, 'mine');
});

test('a workflow that does not exist is one clear message', async () => {
  const compiled = await compileIn(workspace({ 'workflows.yaml': '' }));
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message, hint }) => [message, hint]),
    [['the workflow does not exist', "did you mean 'workflows.yaml'?"]],
  );
});

test('10,000 instances of a matrix, each reading another, are one plan', async () => {
  const plan = await planOf(`stages:
  first: {matrix: {i: "\${{ range(1, 5000) }}"}, run: "echo \${{ matrix.i }} > \${{ outputs.out }}", outputs: {out: file}}
  second: {matrix: {i: "\${{ range(1, 5000) }}"}, run: "cat \${{ stages.first.outputs.out }}"}`);
  assert.equal(plan.instances.length, 10_000);
  assert.deepEqual(sourcesOf(plan, 'second[i=4321]', 'stages.first.outputs.out'), ['first[i=4321].out']);
  assert.equal(instance(plan, 'second[i=1]').dependsOn.length, 1);
});
