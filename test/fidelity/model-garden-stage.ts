/**
 * A training that changes its trainer, run by hand:
 *   KUMIKI_MODEL_GARDEN_PYTHON=…/bin/python node dist/test/fidelity/model-garden-stage.js
 * Kumiki trains eight steps of a tiny model, Model Garden goes on to sixteen, Kumiki to twenty-four; then Model Garden continues from those
 * weights with a fresh optimizer, is killed after its first checkpoint, and run again. The interpreter (Python 3.10) needs tf-models-official 2.11.0;
 * with KUMIKI_MODEL_GARDEN_PYTHON=made the environment is made from the pinned requirements.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { tinyConfigFile, writeRandomRecords } from '../bert/tiny-training.ts';
import { Workspace } from '../e2e/rig.ts';

const python = process.env.KUMIKI_MODEL_GARDEN_PYTHON;
if (python === undefined) throw new Error('set KUMIKI_MODEL_GARDEN_PYTHON');

const inputs = {
  records: ['train.tfrecord.gz'],
  validation: ['train.tfrecord.gz'],
  data: 'config.yaml',
  model: 'config.yaml',
};
const theirs = {
  uses: 'pretrain-model-garden',
  ...(python !== 'made' && { with: { python } }),
};
const pass: Record<string, string> =
  process.env.XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
const ours = { uses: 'pretrain', with: { backend: 'wasm', threads: 1 } };
await using workspace = new Workspace({
  'workflow.yaml': {
    name: 'relay',
    stages: {
      first: { ...ours, inputs, with: { ...ours.with, steps: 8 } },
      second: {
        ...theirs,
        passEnv: Object.keys(pass),
        inputs: { ...inputs, resume: '${{ stages.first.outputs.checkpoint }}' },
        with: { ...theirs.with, steps: 16 },
      },
      third: {
        ...ours,
        inputs: { ...inputs, resume: '${{ stages.second.outputs.checkpoint }}' },
        with: { ...ours.with, steps: 24 },
      },
      fourth: {
        ...theirs,
        passEnv: Object.keys(pass),
        inputs: { ...inputs, init_checkpoint: '${{ stages.third.outputs.checkpoint }}' },
        with: { ...theirs.with, steps: 600 },
      },
    },
  },
  'config.yaml': {
    ...tinyConfigFile,
    // The names that records have here; ours are read by either.
    task: {
      ...tinyConfigFile.task,
      train_data: { ...tinyConfigFile.task.train_data, use_v2_feature_names: true },
      validation_data: { ...tinyConfigFile.task.validation_data, use_v2_feature_names: true },
    },
  },
});
writeRandomRecords(workspace.path('plain'), 60, 1);
writeFileSync(workspace.path('train.tfrecord.gz'), gzipSync(readFileSync(workspace.path('plain'))));

const started = performance.now();
const said = (what: string) => console.log(`${((performance.now() - started) / 1000).toFixed(0)} s: ${what}`);

const relay = await workspace.kumiki(['run', 'workflow.yaml', 'third'], { env: pass });
assert.equal(relay.exit, 0, relay.stdout + relay.stderr);
const output = async (name: string) => (await workspace.kumiki(['output', name])).stdout.trim();
const linesOf = async (stage: string) =>
  readFileSync(await output(`${stage}.log`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
const stepOf = async (stage: string) => openCheckpoint(await output(`${stage}.checkpoint`)).step;
assert.deepEqual([await stepOf('first'), await stepOf('second'), await stepOf('third')], [8, 16, 24]);
const [before, theirLines, after] = [await linesOf('first'), await linesOf('second'), await linesOf('third')];
assert.deepEqual(
  theirLines.filter((line) => 'training_loss' in line).map(({ step }) => step),
  [12, 16],
);
for (const kind of ['training_loss', 'validation_loss']) {
  const keys = (lines: typeof before) => Object.keys(lines.find((line) => kind in line) ?? {});
  if (keys(theirLines).length > 0)
    assert.deepEqual(keys(theirLines), keys(before), `${kind}: the log has the same fields`);
}
assert.equal(after[0]!.step, 12 + 8);
said(
  `relay of trainers: ${[...before, ...theirLines, ...after]
    .map(({ step, training_loss }) => training_loss && `${step}: ${training_loss.toFixed(4)}`)
    .filter(Boolean)
    .join(', ')}`,
);
assert.deepEqual(
  readdirSync(await output('second.checkpoint'))
    .filter((name) => !name.startsWith('ckpt-'))
    .sort(),
  ['checkpoint', 'params.yaml'],
);

const run = workspace.start(['run', 'workflow.yaml', 'fourth', '--json'], { env: pass });
const [, pid] = await run.printed(/"attempt-started".*?"pid":(\d+)/);
await run.printed(/"progress".*"done":[1-9]/);
process.kill(-Number(pid), 'SIGKILL');
await run.finished;
said('killed in the fourth stage');
const again = await workspace.kumiki(['run', 'workflow.yaml', 'fourth'], { env: pass });
assert.equal(again.exit, 0, again.stdout + again.stderr);
const log = (await workspace.kumiki(['logs', 'fourth'])).stdout;
assert.match(log, /goes on from ckpt-\d+/);
assert.equal(await stepOf('fourth'), 600);
const steps = (await linesOf('fourth')).filter((line) => 'training_loss' in line).map(({ step }) => step);
assert.deepEqual(
  steps,
  [...new Set(steps)].sort((a, b) => a! - b!),
  'each loop once, in order',
);
assert.equal(steps.at(-1), 600);
said(`${/goes on from ckpt-\d+/.exec(log)![0]}, to its end`);
