import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { compile } from '../../src/graph/compile.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { stageCatalogue } from '../../src/stage/catalogue.ts';
import { formatDiagnostics } from '../../src/workflow/diagnostic.ts';
import { fixturePath } from '../fixtures.ts';
import { sharedPath } from '../shared.ts';
import { planCommands } from './plan-commands.ts';
import { type Command, readmeCommands } from './readme-commands.ts';

const root = join(import.meta.dirname, '../../..');
const stages = stageCatalogue(join(import.meta.dirname, '../../stages'));

export async function planOf(workflow: string, set: readonly string[] = []): Promise<Plan> {
  const compiled = await compile(join(root, 'workflows', workflow), { set, config: [], env: {}, stages });
  if (!compiled.ok) assert.fail(formatDiagnostics(compiled.diagnostics, { color: false }));
  return compiled.plan;
}

/** Ours, by the names that the original has for its own; that they have its values is tested with the training. */
const configs = Object.fromEntries([
  ...['data/cc-100.yaml', 'data/wikipedia.yaml'].map((name) => [name, readConfig(name)]),
  ...readdirSync(join(root, 'configs/model')).map((name) => [`model/${name}`, readConfig(`model/${name}`)]),
  ...['wordpiece', 'character'].map((name) => [name, readConfig(`tokenizer/${name}.yaml`)]),
]);

function readConfig(name: string): unknown {
  return parse(readFileSync(join(root, 'configs', name), 'utf8'));
}

const original = JSON.parse(readFileSync(fixturePath('original-commands.json'), 'utf8')) as readonly Command[];

const inOrder = (commands: readonly Command[]) =>
  commands
    .map(({ program, flags, shards }) => JSON.stringify([program, Object.entries(flags).sort(), shards]))
    .sort()
    .map((line) => JSON.parse(line) as unknown);

test("the workflow comes to the original's command lines, flag by flag", async () => {
  const plan = await planOf('bert-japanese-v3.yaml');
  assert.deepEqual(inOrder(planCommands(plan, configs)), inOrder(original));
});

const readme = sharedPath('reference/bert-japanese/README.md');

test("the command lines are those of the original's README", { skip: readme === undefined }, () => {
  assert.deepEqual(JSON.parse(JSON.stringify(readmeCommands(readFileSync(readme!, 'utf8')))), original);
});

for (const name of readdirSync(join(root, 'workflows/ablations'))) {
  test(`the ablation ${name} compiles, and differs from v3`, async () => {
    const [ablation, v3] = await Promise.all([planOf(`ablations/${name}`), planOf('bert-japanese-v3.yaml')]);
    const recipes = (plan: Plan) => JSON.stringify(plan.instances.map(({ id, recipe }) => [id, recipe]));
    assert.notEqual(recipes(ablation), recipes(v3));
  });
}

test('v3 on TPUs differs from v3 in who trains, and asks for a bucket before anything runs', async () => {
  const bucket = 'params.tpu.bucket=gs://bucket/bert-japanese';
  const [tpu, v3] = await Promise.all([planOf('bert-japanese-v3-tpu.yaml', [bucket]), planOf('bert-japanese-v3.yaml')]);
  const recipes = (plan: Plan, trains: boolean) =>
    plan.instances
      .filter(({ stage }) => /^(cc-100|wikipedia)-training$/.test(stage) === trains)
      .map(({ id, recipe }) => [id, recipe]);
  assert.deepEqual(recipes(tpu, false), recipes(v3, false));
  const trainings = tpu.instances.filter(({ stage }) => stage.endsWith('-training'));
  assert.equal(trainings.length, 8);
  for (const { with: given } of trainings) {
    assert.deepEqual(
      [given.runtime, given.bucket, given.version],
      ['tpu-vm', 'gs://bucket/bert-japanese', 'tpu-vm-tf-2.11.0'],
    );
    assert.equal(given.accelerator_type, 'v3-8');
  }
  const without = await compile(join(root, 'workflows/bert-japanese-v3-tpu.yaml'), {
    set: [],
    config: [],
    env: {},
    stages,
  });
  assert.ok(!without.ok);
  assert.match(formatDiagnostics(without.diagnostics, { color: false }), /runtime tpu-vm needs 'zone'.* and 'bucket'/);
});

test('small on a cluster differs from small in where data is made, who trains, and for how long', async () => {
  const demo = 'workflows/demo';
  const texts = [`cc_100=${demo}/cc-100.txt`, `wikipedia=${demo}/wikipedia.cirrussearch.json`, `jglue=${demo}/jglue`];
  const set = texts.map((text) => `params.${text}`);
  const [cluster, small] = await Promise.all([planOf('small-cluster.yaml', set), planOf('small.yaml', set)]);
  const ids = (plan: Plan) => plan.instances.map(({ id }) => id);
  assert.deepEqual(ids(cluster), ids(small));
  const recipes = (plan: Plan) =>
    plan.instances.filter(({ stage }) => !stage.endsWith('-training')).map(({ recipe }) => recipe);
  assert.deepEqual(recipes(cluster), recipes(small));
  const jobs = cluster.instances.filter(({ executor }) => executor === 'slurm').map(({ stage }) => stage);
  assert.ok(jobs.includes('cc-100-data') && jobs.includes('wordpiece'));
  const trainings = cluster.instances.filter(({ stage }) => stage.endsWith('-training'));
  for (const { action } of trainings) {
    assert.deepEqual(action, { ...action, kind: 'builtin', name: 'pretrain-model-garden' });
  }
});
