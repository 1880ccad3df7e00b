import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instance, planOf, sourcesOf } from '../../workflow/workspace.ts';

const producer = `
  data:
    matrix: {subword: [wp, char], shard: [1, 2]}
    run: date > \${{ outputs.out }}
    outputs: {out: file, folder: directory}`;

const planWith = (stages: string) => planOf(`stages:${producer}\n${stages}`);
const ids = (...names: string[]) => names.map((name) => `data[${name}].out`);

test('axes of the same name match; axes that only the producer has are gathered in order, last fastest', async () => {
  const plan = await planWith(`
  all: {run: x, inputs: {x: "\${{ stages.data.outputs.out }}"}}
  each: {run: x, matrix: {subword: [char, wp]}, inputs: {x: "\${{ stages.data.outputs.out }}"}}
  same: {run: x, matrix: {shard: [2], subword: [wp]}, inputs: {x: "\${{ stages.data.outputs.out }}"}}`);
  const inOrder = ['subword=wp,shard=1', 'subword=wp,shard=2', 'subword=char,shard=1', 'subword=char,shard=2'];
  assert.deepEqual(sourcesOf(plan, 'all', 'x'), ids(...inOrder));
  assert.deepEqual(sourcesOf(plan, 'each[subword=char]', 'x'), ids(...inOrder.slice(2)));
  assert.deepEqual(sourcesOf(plan, 'each[subword=wp]', 'x'), ids(...inOrder.slice(0, 2)));
  assert.deepEqual(sourcesOf(plan, 'same[shard=2,subword=wp]', 'x'), ids('subword=wp,shard=2'));
  assert.equal(instance(plan, 'all').inputs[0]!.list, true);
  assert.equal(instance(plan, 'same[shard=2,subword=wp]').inputs[0]!.list, false);
});

test('what is gathered is a list, even of one', async () => {
  const plan = await planOf(`stages:
  one: {matrix: {i: [7]}, run: x, outputs: {out: file}}
  reader: {run: "cat \${{ stages.one.outputs.out }}"}`);
  assert.equal(instance(plan, 'reader').inputs[0]!.list, true);
});

test('values match as they are written: 1 and "1" are one', async () => {
  const plan = await planOf(`stages:
  a: {matrix: {i: [1, 2]}, run: x, outputs: {out: file}}
  b: {matrix: {i: ["2"]}, run: "cat \${{ stages.a.outputs.out }}"}`);
  assert.deepEqual(sourcesOf(plan, 'b[i=2]', 'stages.a.outputs.out'), ['a[i=2].out']);
});

test('pick narrows an axis to a value, or to a list that stays a list', async () => {
  const plan = await planWith(`
  one: {run: x, inputs: {x: "\${{ pick(pick(stages.data, 'shard', 1), 'subword', 'wp').outputs.out }}"}}
  some: {run: x, inputs: {x: "\${{ pick(stages.data, 'shard', range(2, 2)).outputs.out }}"}}
  other: {run: x, matrix: {shard: [9], subword: [wp]}, inputs: {x: "\${{ pick(stages.data, 'shard', 2).outputs.out }}"}}`);
  assert.deepEqual(sourcesOf(plan, 'one', 'x'), ids('subword=wp,shard=1'));
  assert.equal(instance(plan, 'one').inputs[0]!.list, false);
  assert.deepEqual(sourcesOf(plan, 'some', 'x'), ids('subword=wp,shard=2', 'subword=char,shard=2'));
  assert.deepEqual(sourcesOf(plan, 'other[shard=9,subword=wp]', 'x'), ids('subword=wp,shard=2'));
});

test('attributes of include are no axes: they neither match nor gather', async () => {
  const plan = await planOf(`stages:
  a:
    matrix: {size: [base, large], include: [{size: base, layers: 12}, {size: large, layers: 24}, {size: tiny, layers: 2}]}
    run: echo \${{ matrix.layers }} > \${{ outputs.out }}
    outputs: {out: file}
  b: {matrix: {layers: [12, 24]}, run: "cat \${{ stages.a.outputs.out }}"}`);
  assert.deepEqual(plan.instances.map(({ id }) => id).slice(0, 3), ['a[size=base]', 'a[size=large]', 'a[size=tiny]']);
  assert.deepEqual(
    sourcesOf(plan, 'b[layers=12]', 'stages.a.outputs.out'),
    ['base', 'large', 'tiny'].map((size) => `a[size=${size}].out`),
  );
  assert.deepEqual(instance(plan, 'a[size=tiny]').matrix, { size: 'tiny', layers: 2 });
});

test('an attribute that a combination lacks is null', async () => {
  const plan = await planOf(`stages:
  a: {matrix: {i: [1, 2], include: [{i: 2, more: -x}]}, run: "echo \${{ matrix.more || 'none' }}"}`);
  const words = plan.instances.map(({ action }) => (action.kind === 'run' ? action.script[1] : undefined));
  assert.deepEqual(words, [{ words: ['none'] }, { words: ['-x'] }]);
});

test('a matrix of include alone takes the first keys that tell its entries apart as axes', async () => {
  const plan = await planOf(`stages:
  a: {run: x, outputs: {out: file}, matrix: {include: [{task: a, seed: 1, rate: 1}, {task: a, seed: 2, rate: 1}, {task: b, seed: 1, rate: 1}]}}
  b: {matrix: {task: [a]}, run: "cat \${{ stages.a.outputs.out }}"}`);
  assert.deepEqual(
    plan.instances.map(({ id }) => id),
    ['a[task=a,seed=1]', 'a[task=a,seed=2]', 'a[task=b,seed=1]', 'b[task=a]'],
  );
  assert.deepEqual(sourcesOf(plan, 'b[task=a]', 'stages.a.outputs.out'), [
    'a[task=a,seed=1].out',
    'a[task=a,seed=2].out',
  ]);
});

test('exclude leaves out every combination that has its values', async () => {
  const plan = await planOf('stages: {a: {run: x, matrix: {i: [1, 2], j: [1, 2], exclude: [{i: 1, j: 1}, {j: 2}]}}}');
  assert.deepEqual(
    plan.instances.map(({ id }) => id),
    ['a[i=2,j=1]'],
  );
});

test('an axis may come from expressions and hold values of any scalar type', async () => {
  const plan = await planOf(
    'params: {on: [true, 1.5]}\nstages: {a: {run: x, matrix: {v: "${{ params.on }}", w: ["${{ params.on[0] }}"]}}}',
  );
  assert.deepEqual(
    plan.instances.map(({ id, matrix }) => [id, matrix]),
    [
      ['a[v=true,w=true]', { v: true, w: true }],
      ['a[v=1.5,w=true]', { v: 1.5, w: true }],
    ],
  );
});

test('of a choice only the branch that was taken makes an edge', async () => {
  const plan = await planOf(`stages:
  word: {run: x, outputs: {out: file}}
  char: {run: x, outputs: {out: file}}
  use:
    matrix: {subword: [word, char]}
    inputs: {vocab: "\${{ matrix.subword == 'word' && stages.word.outputs.out || stages.char.outputs.out }}"}
    env: {WHICH: "\${{ stages.word.outputs.out && 'some' }}"}
    run: cat \${{ inputs.vocab }}`);
  assert.deepEqual(sourcesOf(plan, 'use[subword=word]', 'vocab'), ['word.out']);
  assert.deepEqual(sourcesOf(plan, 'use[subword=char]', 'vocab'), ['char.out']);
  const producers = (id: string) => instance(plan, id).dependsOn.map((index) => plan.instances[index]!.id);
  assert.deepEqual(producers('use[subword=char]'), ['char']);
});

test('a path below gathered directories is looked up in each of them', async () => {
  const plan = await planWith(`
  all: {run: "cat \${{ inputs.x }}", inputs: {x: "\${{ stages.data.outputs.folder }}/a/\${{ 'b' }}.txt"}}
  one: {run: "cat \${{ inputs.x }}", matrix: {shard: [1]}, inputs: {x: "\${{ stages.data.outputs.folder }}/a/"}}`);
  const pathsOf = (id: string) =>
    instance(plan, id).inputs[0]!.sources.map((source) => 'path' in source && source.path);
  assert.deepEqual(pathsOf('all'), Array(4).fill('a/b.txt'));
  assert.deepEqual(pathsOf('one[shard=1]'), ['a', 'a']);
  assert.equal(instance(plan, 'all').inputs[0]!.list, true);
});

test('two mentions that join different results are two inputs', async () => {
  const plan = await planWith(`
  a:
    matrix: {subword: [wp]}
    run: cat \${{ stages.data.outputs.out }} \${{ pick(stages.data, 'shard', 1).outputs.out }} \${{ stages.data.outputs.out }}`);
  const { inputs, action } = instance(plan, 'a[subword=wp]');
  assert.deepEqual(
    inputs.map(({ name, list }) => [name, list]),
    [
      ['stages.data.outputs.out', true],
      ['stages.data.outputs.out#2', false],
    ],
  );
  const words = action.kind === 'run' ? action.script.filter((part) => typeof part !== 'string') : [];
  assert.deepEqual(words[0], words[2]);
  assert.deepEqual(words[1], { words: [{ $text: [{ input: 'stages.data.outputs.out#2', item: 0 }] }] });
});

const axis = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 });
const axes = fc.dictionary(fc.constantFrom('p', 'q', 'r'), axis, { maxKeys: 3 });

test('a join is the producer restricted to the consumer, whatever the axes', async () => {
  const property = fc.asyncProperty(axes, axes, async (produced, extra) => {
    const consumed = Object.fromEntries(
      Object.entries(extra).map(([name, values]) => [name, (produced[name] ?? values).slice(0, values.length)]),
    );
    const matrix = (of: object) => (Object.keys(of).length > 0 ? { matrix: of } : {});
    const plan = await planOf(
      JSON.stringify({
        stages: {
          a: { run: 'x', outputs: { out: 'file' }, ...matrix(produced) },
          b: { run: 'cat ${{ stages.a.outputs.out }}', ...matrix(consumed) },
        },
      }),
    );
    const makers = plan.instances.filter(({ stage }) => stage === 'a');
    for (const reader of plan.instances.filter(({ stage }) => stage === 'b')) {
      const expected = makers.filter(({ matrix }) =>
        Object.keys(matrix).every((name) => !(name in reader.matrix) || matrix[name] === reader.matrix[name]),
      );
      const [input] = reader.inputs;
      assert.deepEqual(
        input!.sources.map((source) => source.kind === 'output' && plan.instances[source.instance]!.id),
        expected.map(({ id }) => id),
      );
      assert.equal(
        input!.list,
        Object.keys(produced).some((name) => !(name in consumed)),
      );
      assert.deepEqual(
        reader.dependsOn,
        expected.map(({ index }) => index).sort((x, y) => x - y),
      );
    }
  });
  await fc.assert(property, { numRuns: 60 });
});
