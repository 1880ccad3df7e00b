import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText, instance, planOf, sourcesOf } from '../../workflow/workspace.ts';

const recipeOf = async (workflow: string, id: string, files = {}) =>
  JSON.parse(instance(await planOf(workflow, files), id).recipe);

test('instances stand in topological order, also when readers come first in the file', async () => {
  const plan = await planOf(`stages:
  last: {run: "cat \${{ stages.middle.outputs.out }}"}
  middle: {run: "cat \${{ stages.first.outputs.out }}", outputs: {out: file}}
  first: {run: x, outputs: {out: file}}`);
  assert.deepEqual(
    plan.instances.map(({ id, index, dependsOn }) => [id, index, dependsOn]),
    [
      ['first', 0, []],
      ['middle', 1, [0]],
      ['last', 2, [1]],
    ],
  );
});

test('a path below a directory is an input of its own, and promised by its producer', async () => {
  const plan = await planOf(`stages:
  split: {run: x, outputs: {shards: directory}}
  use:
    matrix: {i: [1, 2]}
    inputs: {shard: "\${{ stages.split.outputs.shards }}/part_\${{ pad(matrix.i, 2) }}.txt"}
    run: cat \${{ inputs.shard }}`);
  assert.deepEqual(sourcesOf(plan, 'use[i=2]', 'shard'), ['split.shards/part_02.txt']);
  assert.deepEqual(instance(plan, 'split').promised, [
    { output: 'shards', path: 'part_01.txt' },
    { output: 'shards', path: 'part_02.txt' },
  ]);
});

test("a script's recipe takes its text before substitution and the values that are not paths", async () => {
  const workflow = (seed: number, path: string) => `params: {seed: ${seed}}
stages:
  a: {run: x, outputs: {out: file}}
  b:
    inputs: {text: ${path}, made: "\${{ stages.a.outputs.out }}"}
    run: shuf \${{ params.seed }} \${{ inputs.text }} \${{ inputs.made }} > \${{ outputs.out }}
    outputs: {out: file}
    env: {LEVEL: 3}
    passEnv: [TOKEN]
    resources: {cpu: 2}
    retry: {attempts: 2, delay: 1m, backoff: 2}
    timeout: 1h30m`;
  const files = { 'a.txt': '', 'b.txt': '' };
  const recipe = await recipeOf(workflow(1, 'a.txt'), 'b', files);
  assert.equal(recipe.run, 'shuf ${{ params.seed }} ${{ inputs.text }} ${{ inputs.made }} > ${{ outputs.out }}');
  assert.deepEqual(recipe.values[0], ['1']);
  assert.deepEqual(recipe.env, { LEVEL: '3' });
  assert.deepEqual(recipe, await recipeOf(workflow(1, 'b.txt'), 'b', files));
  assert.notDeepEqual(recipe, await recipeOf(workflow(2, 'a.txt'), 'b', files));
  const b = instance(await planOf(workflow(1, 'a.txt'), files), 'b');
  assert.deepEqual(b.retry, { attempts: 2, delayMs: 60_000, backoff: 2 });
  assert.deepEqual([b.timeoutMs, b.resources, b.passEnv], [5_400_000, { cpu: 2 }, ['TOKEN']]);
});

test('expressions in comments of a script are left alone', async () => {
  const plan = await planOf(
    `params: {x: "a\\nb"}\nstages:\n  a:\n    run: |\n      echo 1 # not \${{ params.x }}\n      echo \${{ params.x }}\n`,
  );
  const { action } = instance(plan, 'a');
  assert.deepEqual(action.kind === 'run' && action.script.filter((part) => typeof part !== 'string'), [
    { words: ['a\nb'] },
  ]);
});

test('a word of a script that names a file which is no input is warned about', async () => {
  const compiled = await compileText(
    `stages:
  a:
    inputs: {known: data/known.txt}
    run: |
      # data/comment.txt
      sort data/known.txt "data/unknown.txt" --from=data/option.txt data/absent.txt > /dev/null
`,
    { 'data/known.txt': '', 'data/unknown.txt': '', 'data/option.txt': '', 'data/comment.txt': '' },
  );
  assert.ok(compiled.ok);
  assert.deepEqual(
    compiled.warnings.map(({ message, at }) => `${at.line}:${at.column} ${message}`),
    ['6:27 data/unknown.txt is read without being an input', '6:53 data/option.txt is read without being an input'],
  );
});

test('results are published where the destination says, one for each instance that it names', async () => {
  const plan = await planOf(`publish:
  out/vocab: \${{ stages.vocab.outputs.out }}
  out/\${{ matrix.size }}/model/: \${{ stages.train.outputs.model }}
  gs://bucket/log: \${{ pick(stages.train, 'size', 'base').outputs.model }}/log.txt
stages:
  vocab: {run: x, outputs: {out: file}}
  train: {run: x, matrix: {size: [base, large]}, outputs: {model: directory}}`);
  const published = plan.publish.map(({ destination, source }) => [
    destination,
    plan.instances[source.instance]!.id,
    source.output,
    source.path,
  ]);
  assert.deepEqual(published, [
    ['out/vocab', 'vocab', 'out', undefined],
    ['out/base/model', 'train[size=base]', 'model', undefined],
    ['out/large/model', 'train[size=large]', 'model', undefined],
    ['gs://bucket/log', 'train[size=base]', 'model', 'log.txt'],
  ]);
});

test('paths are normalised, may lie outside the root, and may be listed', async () => {
  const plan = await planOf(
    'stages: {a: {run: x, inputs: {x: [./texts//a.txt, /etc/passwd], y: "${{ glob(\'texts/*\') }}"}}}',
    {
      'texts/a.txt': '',
      'texts/b.txt': '',
    },
  );
  assert.deepEqual(sourcesOf(plan, 'a', 'x'), ['texts/a.txt', '/etc/passwd']);
  assert.deepEqual(sourcesOf(plan, 'a', 'y'), ['texts/a.txt', 'texts/b.txt']);
});

test('pools, flags and the executor are read, and may be expressions', async () => {
  const plan = await planOf(`params: {big: true}
limits: {cpu: 8, memory: 32GiB, tpu: 1}
stages:
  a:
    run: x
    resources: {cpu: "\${{ params.big && 4 || 1 }}", memory: 1.5GB, tpu: 1}
    temp: \${{ params.big }}
    always: true
    executor: slurm`);
  assert.deepEqual(plan.limits, { cpu: 8, memory: 32 * 1024 ** 3, tpu: 1 });
  const { resources, temp, always, frozen, executor } = instance(plan, 'a');
  assert.deepEqual(
    { resources, temp, always, frozen, executor },
    {
      resources: { cpu: 4, memory: 1.5e9, tpu: 1 },
      temp: true,
      always: true,
      frozen: undefined,
      executor: 'slurm',
    },
  );
});

test('an id stays on one line, and tells a terminal nothing, whatever the values of its axes hold', async () => {
  const plan = await planOf(
    'stages:\n  a: {matrix: {x: ["\\n", "\\e[31m", "\\x7f", "\\t"]}, run: "echo ${{ matrix.x }}"}\n',
  );
  assert.deepEqual(
    plan.instances.map(({ id }) => id),
    ['a[x=\\n]', 'a[x=\\u001b[31m]', 'a[x=\\u007f]', 'a[x=\\t]'],
  );
  assert.deepEqual(
    plan.instances.map(({ matrix }) => matrix.x),
    ['\n', '\u001b[31m', '\u007f', '\t'],
  );
});

test('a plan is plain JSON', async () => {
  const plan = await planOf(`stages:
  a: {run: "true", outputs: {out: file}}
  b: {run: "cat \${{ stages.a.outputs.out }}", env: {X: "\${{ stages.a.outputs.out }}"}}`);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});
