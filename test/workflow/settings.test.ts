import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../src/workflow/settings.ts';
import { compileText, workspace } from './workspace.ts';

const settingsOf = (text: string) => readSettings(workspace({ 'kumiki.yaml': text }));

test('kumiki.yaml says how this cluster is used', async () => {
  const read = await settingsOf(
    'slurm: { partition: gpu, account: lab, arrayLimit: 50, flags: [--exclusive], pollInterval: 10s }\n',
  );
  assert.deepEqual(read.ok && read.settings.slurm, {
    partition: 'gpu',
    account: 'lab',
    arrayLimit: 50,
    flags: ['--exclusive'],
    pollInterval: 10_000,
  });
});

test('kumiki.yaml says what machines cost', async () => {
  const prices = { currency: '円', tpu: { 'v5litepod-8': { onDemand: 1200 } }, slurm: { gpu: { gpu: 90, cpu: 1.5 } } };
  const read = await settingsOf(JSON.stringify({ prices }));
  assert.deepEqual(read.ok && read.settings.prices, prices);
});

/** Settings, where the mistake stands, and what is said of it. */
const mistakes = [
  ['slurm:\n  partion: gpu\n', '2:3', /partion/, /partition/],
  ['slurm:\n  arrayLimit: many\n', '2:15', /whole number from 1/],
  ['slurm:\n  flags: [--exclusive, --array=1-9]\n', '2:24', /kumiki sets this option itself/],
  ['slurm:\n  partition: two words\n', '2:14', /one word/],
  ['slurm:\n  account: ${{ env.USER }}\n', '2:12', /one word/],
  ['slurm:\n  pollInterval: 10\n', '2:17', /expected a text, found the number 10/],
  ['slurm:\n  pollInterval: soon\n', '2:17', /duration of at least 500ms/],
  ['prices: {tpu: {v3-8: {spot: 2}}}\n', '1:1', /the key 'currency' is missing/, undefined],
  ['prices:\n  currency: 7\n', '2:13', /expected a currency, such as USD/, undefined],
  ['prices: {currency: USD, tpu: {v3-8: {ondemand: 8}}}\n', '1:38', /unknown key 'ondemand'/, /onDemand/],
  ['prices: {currency: USD, tpu: {v3-8: {spot: -1}}}\n', '1:44', /a price is not negative/, undefined],
  ['prices: {currency: USD, tpu: {v3-8: {spot: cheap}}}\n', '1:44', /a price per hour, such as 8\.80/, undefined],
  [
    'prices: {currency: USD, tpu: {TPUv3: {spot: 2}}}\n',
    '1:31',
    /'TPUv3' cannot be a name here: accelerator types are .* such as v3-8/,
    undefined,
  ],
  ['prices: {currency: USD, slurm: {gpu: 7}}\n', '1:38', /map/, undefined],
  ['slurm: gpu\n', '1:8', /object|map/],
] as const;

for (const [text, place, message, hint] of mistakes) {
  test(`${JSON.stringify(text)} is told with its place`, async () => {
    const read = await settingsOf(text);
    assert.ok(!read.ok);
    const [first] = read.diagnostics;
    assert.equal(`${first?.at.line}:${first?.at.column}`, place);
    assert.match(first?.message ?? '', message);
    if (hint) assert.match(first?.hint ?? '', hint);
  });
}

for (const [slurm, place, message] of [
  ['{ partion: gpu }', '4:14', /partion/],
  ['{ arrayLimit: 0 }', '4:26', /whole number from 1/],
  ['{ flags: [--array=1-9] }', '4:22', /kumiki sets this option itself/],
] as const) {
  test(`a stage's slurm: ${slurm} is told with its place`, async () => {
    const compiled = await compileText(`stages:\n  a:\n    run: 'true'\n    slurm: ${slurm}\n`);
    assert.ok(!compiled.ok);
    const [first] = compiled.diagnostics;
    assert.equal(`${first?.at.line}:${first?.at.column}`, place);
    assert.match(first?.message ?? '', message);
  });
}
