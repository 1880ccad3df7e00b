import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostics } from '../../../src/workflow/diagnostic.ts';
import { compileText, instance, planOf, sourcesOf } from '../../workflow/workspace.ts';

const idsOf = (plan: Awaited<ReturnType<typeof planOf>>) => plan.instances.map(({ id }) => id);

const choosing = (given: string) => `
params: {dictionary: "${given}"}
stages:
  build:
    if: \${{ params.dictionary == '' }}
    run: mkdir \${{ outputs.folder }}
    outputs: {folder: directory}
  reader:
    inputs: {folder: "\${{ params.dictionary == '' && stages.build.outputs.folder || params.dictionary }}"}
    run: ls \${{ inputs.folder }}
`;

test('a stage whose if is false is not part of the workflow, and a path can take its place', async () => {
  const built = await planOf(choosing(''));
  assert.deepEqual(idsOf(built), ['build', 'reader']);
  assert.deepEqual(sourcesOf(built, 'reader', 'folder'), ['build.folder']);
  const given = await planOf(choosing('mine'), { 'mine/sys.dic': '' });
  assert.deepEqual(idsOf(given), ['reader']);
  assert.deepEqual(sourcesOf(given, 'reader', 'folder'), ['mine']);
});

test('in a matrix, if keeps the combinations for which it is true, attributes of include known', async () => {
  const plan = await planOf(`
params: {largest: 12}
stages:
  train:
    matrix: {include: [{model: base, layers: 12}, {model: large, layers: 24}, {model: tiny, layers: 2}]}
    if: \${{ matrix.layers <= params.largest }}
    run: echo \${{ matrix.layers }} > \${{ outputs.out }}
    outputs: {out: file}
  all: {run: "cat \${{ stages.train.outputs.out }}"}
`);
  assert.deepEqual(idsOf(plan), ['train[model=base]', 'train[model=tiny]', 'all']);
  assert.equal(instance(plan, 'all').inputs[0]!.sources.length, 2);
});

const refused = async (workflow: string) => {
  const compiled = await compileText(workflow);
  assert.ok(!compiled.ok);
  return formatDiagnostics(compiled.diagnostics, { color: false });
};

test('reading a stage that is left out is a mistake that says so', async () => {
  const message = await refused(`
stages:
  a: {if: false, run: "date > \${{ outputs.out }}", outputs: {out: file}}
  b: {run: "cat \${{ stages.a.outputs.out }}"}
`);
  assert.match(message, /workflow\.yaml:4:.*the stage 'a' is left out by its if/);
});

test('an if that is no condition, or asks for what is not there, is a mistake', async () => {
  assert.match(await refused(`stages: {a: {if: "\${{ 'yes' }}", run: date}}`), /expected true or false, found "yes"/);
  assert.match(await refused(`stages: {a: {if: "\${{ params.on }}", run: date}}`), /params/);
  assert.match(await refused(`stages: {a: {if: maybe, run: date}}`), /expected true or false/);
});
