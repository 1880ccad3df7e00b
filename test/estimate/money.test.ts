/** `kumiki plan` in money: what TPUs and jobs cost by the prices of kumiki.yaml. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { compiledFolder } from '../../src/compiled-folder.ts';
import { Workspace } from '../e2e/rig.ts';

interface PlannedCost {
  readonly seconds: number;
  readonly deviceSeconds: number;
  readonly rented: readonly { readonly tpu: string; readonly spot: boolean; readonly seconds: number }[];
  readonly money?: Readonly<Record<'amount' | 'onDemand' | 'spot' | 'instances' | 'unknown', number>>;
}

interface PlanJson {
  readonly stages: readonly { readonly stage: string; readonly cost?: PlannedCost }[];
  readonly total: PlannedCost;
  readonly prices?: { readonly currency: string };
}

const workflow = 'workflows/bert-japanese-v3-tpu.yaml';
const bucket = ['--set', 'params.tpu.bucket=gs://bucket/v3'];

function v3(prices?: unknown): Workspace {
  const workspace = new Workspace();
  for (const folder of ['workflows', 'configs']) {
    cpSync(join(dirname(compiledFolder), folder), workspace.path(folder), { recursive: true });
  }
  if (prices !== undefined) workspace.write('kumiki.yaml', { prices });
  return workspace;
}

async function planned(workspace: Workspace, ...words: readonly string[]): Promise<PlanJson> {
  const { exit, stdout, stderr } = await workspace.kumiki(['plan', '--json', ...words]);
  assert.equal(exit, 0, stderr);
  return JSON.parse(stdout) as PlanJson;
}

const costOf = ({ stages }: PlanJson, name: string): PlannedCost => stages.find(({ stage }) => stage === name)!.cost!;
const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6 * expected);

test('v3 on TPUs costs its hours by the price of the terms that each stage asks for; beside it what all would cost on one', async () => {
  await using workspace = v3({ currency: 'USD', tpu: { 'v3-8': { onDemand: 10, spot: 4 } } });
  const plan = await planned(workspace, workflow, ...bucket, '--set', 'stages.cc-100-training.with.spot=true');
  const [cc100, wikipedia] = ['cc-100-training', 'wikipedia-training'].map((name) => costOf(plan, name));
  const hours = (cost: PlannedCost) => cost.deviceSeconds / 3600;
  near(cc100!.money!.amount, hours(cc100!) * 4);
  near(wikipedia!.money!.amount, hours(wikipedia!) * 10);
  near(plan.total.money!.amount, hours(cc100!) * 4 + hours(wikipedia!) * 10);
  near(plan.total.money!.onDemand, (hours(cc100!) + hours(wikipedia!)) * 10);
  near(plan.total.money!.spot, (hours(cc100!) + hours(wikipedia!)) * 4);
  assert.deepEqual([plan.total.money!.instances, plan.total.money!.unknown], [8, 0]);
  assert.deepEqual(
    plan.total.rented.map(({ tpu, spot }) => [tpu, spot]),
    [
      ['v3-8', true],
      ['v3-8', false],
    ],
  );
  assert.equal(plan.prices?.currency, 'USD');
  assert.equal(costOf(plan, 'cc-100-data').money, undefined);

  const whole = (amount: number) => String(Math.round(amount)).replace(/\B(?=(\d{3})+$)/g, ',');
  const { stdout } = await workspace.kumiki(['plan', workflow, ...bucket]);
  assert.match(stdout, /device +USD\n/);
  assert.match(stdout, new RegExp(`^cc-100-training .* ${whole(hours(cc100!) * 10)}$`, 'm'));
  const { onDemand, spot } = plan.total.money!;
  assert.match(stdout, new RegExp(`^in all .* ${whole(onDemand)}$`, 'm'));
  assert.match(stdout, /^rented, v3-8 on demand: [\d,]+ h at 10 USD$/m);
  assert.match(stdout, new RegExp(`TPUs all on demand ${whole(onDemand)}, all spot ${whole(spot)}, without`));
});

test('without a price plan tells the hours, and where to set it; one of other terms does not stand for it', async () => {
  await using unpriced = v3();
  const { stdout } = await unpriced.kumiki(['plan', workflow, ...bucket]);
  assert.match(stdout, /^rented, v3-8 on demand: [\d,]+ h; set prices\.tpu\.v3-8\.onDemand in kumiki\.yaml/m);
  assert.doesNotMatch(stdout, /USD/);
  await using spotOnly = v3({ currency: '円', tpu: { 'v3-8': { spot: 4 } } });
  const plan = await planned(spotOnly, workflow, ...bucket);
  assert.deepEqual(plan.total.money?.unknown, 8);
  const told = (await spotOnly.kumiki(['plan', workflow, ...bucket])).stdout;
  assert.match(told, /^wikipedia-training .* \?$/m);
  assert.match(told, /set prices\.tpu\.v3-8\.onDemand in kumiki\.yaml/);
});

test('jobs cost the hours of what they ask for, where their partition has a price; others nothing', async () => {
  const slow = { run: 'sleep 0.1; echo 1 > ${{ outputs.n }}', outputs: { n: 'file' } };
  await using workspace = new Workspace({ 'workflow.yaml': { stages: { slow } } });
  assert.equal((await workspace.kumiki(['run'])).exit, 0);
  assert.equal((await planned(workspace, '--force')).total.money, undefined);
  const resources = { cpu: 2, memory: '4GiB', gpu: 1 };
  workspace.write('workflow.yaml', { stages: { slow: { ...slow, executor: 'slurm', resources } } });
  const prices = { currency: 'points', slurm: { gpu: { cpu: 3, memory: 0.5, gpu: 100 } } };
  workspace.write('kumiki.yaml', { slurm: { partition: 'gpu' }, prices });
  const { money, seconds } = costOf(await planned(workspace, '--force'), 'slow');
  near(money!.amount, (seconds / 3600) * (2 * 3 + 4 * 0.5 + 100));
  const elsewhere = await planned(workspace, '--force', '--set', 'stages.slow.slurm.partition=free');
  assert.equal(elsewhere.total.money, undefined);
});
