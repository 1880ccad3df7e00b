/** The plan of v3 against what the original's authors report that it took them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { costByStage } from '../../src/estimate/by-stage.ts';
import { estimatePlan } from '../../src/estimate/estimate.ts';
import { noteRates, rateLookup, readRates } from '../../src/estimate/rates.ts';
import { compile } from '../../src/graph/compile.ts';
import { expectedInstances } from '../../src/pretraining/instances/expected-instances.ts';
import { assessDigested } from '../../src/run/assess-digested.ts';
import { stageCatalogue } from '../../src/stage/catalogue.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openSources } from '../../src/store/sources.ts';
import { rates } from '../../stages/rates.ts';

const root = join(import.meta.dirname, '../../..');
const stages = stageCatalogue(join(import.meta.dirname, '../../stages'));
const cache = mkdtempSync(join(tmpdir(), 'kumiki-estimate-'));
after(() => rmSync(cache, { recursive: true }));

async function costOfV3(device: string | undefined) {
  const file = join(root, 'workflows/bert-japanese-v3.yaml');
  const compiled = await compile(file, { set: [], config: [], env: {}, stages });
  assert.ok(compiled.ok);
  const { plan } = compiled;
  const [store, sources] = [await openStore(cache, { kumiki: 'test' }), await openSources(cache)];
  const assessments = await assessDigested(plan, { store, sources });
  const { rate, used } = rateLookup({});
  const estimates = await estimatePlan(plan, assessments, { store, sources, stages, device, rate });
  await store.close();
  return { plan, used: used(), ...costByStage(plan, estimates, { pools: { cpu: 8, memory: 64e9, device: 1 } }) };
}

const about = (actual: number, expected: number, within: number) =>
  assert.ok(Math.abs(actual / expected - 1) < within, `${actual}, expected about ${expected}`);

test('a shard of v3 gives the instances that the authors count, within a third', () => {
  const options = { maxPredictionsPerSeq: 19, maskedLmProb: 0.15, shortSeqProb: 0.1, randomSeed: 1 };
  const whole = { ...options, doWholeWordMask: true };
  const [cc100, wikipedia] = [74.3e9 / 64, 4.9e9 / 8];
  const short = { ...whole, maxSeqLength: 128, dupeFactor: 5 };
  const long = { ...whole, maxSeqLength: 512, dupeFactor: 30 };
  about(expectedInstances(cc100, 'wordpiece', short), 15.2e6, 0.33);
  about(expectedInstances(cc100, 'character', short), 18.4e6, 0.33);
  about(expectedInstances(wikipedia, 'wordpiece', long), 18.4e6, 0.33);
  about(expectedInstances(wikipedia, 'character', long), 23.7e6, 0.33);
});

test('on the TPU that the authors had, v3 trains for the days that they report', async () => {
  const { stages: costs } = await costOfV3('tpu-v3-8');
  const days = (stage: string) => costs.get(stage)!.deviceSeconds / 86_400;
  about(days('cc-100-training'), 2 * (6 + 23), 0.33);
  about(days('wikipedia-training'), 2 * (10 + 33), 0.33);
});

test('every stage of v3 but the script has a cost before anything ran; sizes follow from those of what comes before', async () => {
  const { plan, stages: costs, total, used } = await costOfV3(undefined);
  const unknown = [...costs].filter(([, { known }]) => known === 0).map(([stage]) => stage);
  assert.deepEqual(unknown, ['neologd']);
  assert.equal(total.known, plan.instances.length - 1);
  about(costs.get('cc-100')!.resultBytes, 74.3e9, 0.1);
  about(costs.get('wikipedia')!.resultBytes, 4.9e9, 0.1);
  // Ours takes tens of core hours where the authors report 549 hours of processes.
  const dataHours = (costs.get('cc-100-data')!.cpuSeconds + costs.get('wikipedia-data')!.cpuSeconds) / 3600;
  assert.ok(dataHours > 5 && dataHours < 100, String(dataHours));
  assert.ok(used.every(({ measured }) => measured === undefined));
});

test('a measured rate takes the place of what is assumed, if its unit is the same', () => {
  noteRates(cache, { [rates.split.name]: { value: 5, unit: rates.split.unit, measured: '2026-01-01T00:00:00Z' } });
  noteRates(cache, { [rates.copy.name]: { value: 7, unit: 'miles', measured: '2026-01-01T00:00:00Z' } });
  const { rate, used } = rateLookup(readRates(cache));
  assert.equal(rate(rates.split), 5);
  assert.equal(rate(rates.copy), rates.copy.assumed);
  assert.deepEqual(
    used().map(({ name, measured }) => [name, measured]),
    [
      [rates.copy.name, undefined],
      [rates.split.name, '2026-01-01T00:00:00Z'],
    ],
  );
});
