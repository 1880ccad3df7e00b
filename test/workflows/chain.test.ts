/** The demo's chain with shorter trainings: what a change runs again, and the README's commands on it. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { compiledFolder } from '../../src/compiled-folder.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { Workspace } from '../e2e/rig.ts';
import { readmeCommands } from '../readme.ts';

const workflow = 'workflows/short.yaml';
const schedule = [
  'trainer.steps_per_loop=2,trainer.summary_interval=2,trainer.checkpoint_interval=4',
  'trainer.validation_interval=4,trainer.validation_steps=1',
  'trainer.optimizer_config.warmup.polynomial.warmup_steps=2',
].join(',');
const short = {
  extends: 'demo.yaml',
  params: { cc_100_shards: 2, wikipedia_shards: 2, steps: { cc_100: 4, wikipedia: 4 }, schedule },
  stages: { 'cc-100-data': { with: { dupe_factor: 1 } }, 'wikipedia-data': { with: { dupe_factor: 1 } } },
};
const trained = (subword: string) =>
  ['cc-100-training', 'convert', 'wikipedia-training'].map((stage) => `${stage}[size=base,subword=${subword}]`);
const bothTrained = ['character', 'wordpiece'].flatMap(trained);

const workspace = new Workspace();
before(async () => {
  for (const folder of ['workflows', 'configs']) {
    cpSync(join(dirname(compiledFolder), folder), workspace.path(folder), { recursive: true });
  }
  workspace.write(workflow, short);
  // 2 shards of each corpus for each subword, 3 stages of training for each, 8 that make texts and vocabularies.
  assert.equal((await built()).length, 2 * 2 * 2 + 2 * 3 + 8);
});
after(() => workspace[Symbol.asyncDispose]());

/** Ids of the instances that ran for the converted models, sorted. */
async function built(...options: readonly string[]): Promise<readonly string[]> {
  const { exit, stdout, stderr } = await workspace.kumiki(['run', workflow, 'convert', '--json', ...options]);
  assert.equal(exit, 0, stderr + stdout.slice(-2000));
  const events = stdout.trim().split('\n');
  return events
    .map((line) => JSON.parse(line) as RunEvent)
    .flatMap((event) => (event.type === 'instance-finished' && event.state === 'built' ? [event.instance] : []))
    .toSorted();
}

test('another dupe_factor of one corpus: its records, and what is trained on them', async () => {
  const shards = ['character', 'wordpiece'].flatMap((subword) =>
    [1, 2].map((shard) => `cc-100-data[subword=${subword},shard=${shard}]`),
  );
  assert.deepEqual(
    await built('--set', 'stages.cc-100-data.with.dupe_factor=2'),
    [...shards, ...bothTrained].toSorted(),
  );
});

test('another learning rate: the trainings', async () => {
  const rate = 'trainer.optimizer_config.learning_rate.polynomial.initial_learning_rate=2e-4';
  assert.deepEqual(await built('--set', `params.schedule=${schedule},${rate}`), bothTrained.toSorted());
});

test('another configuration of one model: its trainings alone; a comment in it: nothing', async () => {
  const config = workspace.read('configs/model/bert_tiny_wordpiece.yaml');
  workspace.write('configs/model/mine.yaml', config.replace(/num_layers: \d+/, 'num_layers: 1'));
  const mine = ['--config', 'base_wordpiece=configs/model/mine.yaml'];
  assert.deepEqual(await built(...mine), trained('wordpiece').toSorted());
  workspace.write('configs/model/mine.yaml', `# one layer\n${workspace.read('configs/model/mine.yaml')}`);
  assert.deepEqual(await built(...mine), []);
});

test('a sentence of one shard: the split, that shard for each subword, and the trainings', async () => {
  const text = 'workflows/demo/cc-100.txt';
  const before = workspace.read(text);
  const [first, ...others] = before.split('\n');
  workspace.write(text, [`${first}そうです。`, ...others].join('\n'));
  const ran = await built();
  assert.deepEqual(
    ran.filter((id) => id.startsWith('cc-100-data')).map((id) => id.replace(/shard=\d/, 'shard=n')),
    ['cc-100-data[subword=character,shard=n]', 'cc-100-data[subword=wordpiece,shard=n]'],
  );
  assert.deepEqual(
    ran.filter((id) => !id.startsWith('cc-100-data')),
    ['cc-100', ...bothTrained].toSorted(),
  );
  workspace.write(text, before);
});

test('swapping back runs nothing; a payload lost early in the chain is made again, and nothing after it', async () => {
  assert.deepEqual(await built(), []);
  for (const output of ['cc-100.shards', 'sample.sample']) {
    const { stdout } = await workspace.kumiki(['output', output, '--workflow', workflow]);
    chmodSync(dirname(stdout.trim()), 0o755);
    rmSync(stdout.trim(), { recursive: true });
  }
  assert.deepEqual(await built(), ['cc-100', 'sample']);
  assert.deepEqual(await built('--set', 'stages.cc-100-data.with.dupe_factor=2'), []);
});

/** These have tests of their own, with the network, peers or hours that they would take here. */
const testedElsewhere = [
  'sweep',
  'setup',
  'cache push',
  'cache pull',
  'tpu',
  'watch',
  'run workflows/bert-japanese-v3-tpu.yaml',
  'run --executor slurm',
];

test('the commands that the README shows run on the chain', async () => {
  const output = async (name: string) => {
    const { exit, stdout, stderr } = await workspace.kumiki(['output', name, '--workflow', workflow]);
    assert.equal(exit, 0, stderr);
    return stdout.trim();
  };
  const trained = 'size=base,subword=wordpiece';
  const checkpoint = await output(`wikipedia-training[${trained}].checkpoint`);
  copyFileSync(await output('wordpiece.vocab'), workspace.path('vocab.txt'));
  const runs = JSON.parse((await workspace.kumiki(['runs', '--json'])).stdout) as readonly { readonly id: string }[];
  const others = runs.map(({ id }) => id);
  const adapt = (word: string, command: string) => {
    if (word === 'RUN') return others.shift()!;
    if (word === 'NAME') return 'kept';
    if (command !== 'plan') word = word.replace(/^workflows\/(bert-japanese-v3|demo)\.yaml$/, workflow);
    if (command === 'exec') word = word.replace('configs/model/bert_base_wordpiece.yaml', `${checkpoint}/params.yaml`);
    return word
      .replace('MODEL_DIR', checkpoint)
      .replace(/^STAGE$/, `convert[${trained}]`)
      .replace(/^FILE$/, workflow);
  };
  const shown = readmeCommands.filter(
    (words) => !words.includes('--help') && !testedElsewhere.some((name) => words.join(' ').startsWith(name)),
  );
  assert.ok(shown.length >= 12);
  for (const words of shown) {
    const command = words[0]!;
    const more = command === 'fill-mask' ? ['--dictionary', await output('dictionary.dictionary')] : [];
    const goals = command === 'run' && words.length === 2 ? ['convert'] : [];
    const flags = ['explain', 'status'].includes(command) ? ['--workflow', workflow] : [];
    const line = [...words.map((word) => adapt(word, command)), ...goals, ...more, ...flags];
    const { exit, stdout, stderr } = await workspace.kumiki(line);
    assert.equal(exit, 0, `kumiki ${line.join(' ')}: ${stdout}${stderr}`);
  }
  assert.match(workspace.read('run.html'), /<html/);
});
