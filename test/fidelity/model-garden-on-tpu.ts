/**
 * A training on a Cloud TPU VM that loses its VM, with Model Garden itself as trainer, run by hand:
 *   KUMIKI_MODEL_GARDEN_PYTHON=…/bin/python node dist/test/fidelity/model-garden-on-tpu.js
 * VMs are the folders of our stand-in for gcloud, the bucket is one of fake-gcs-server, which TensorFlow's own file system for `gs://` takes
 * for Google's. Only TPUs there are none: the trainer is told `one_device` in place of `tpu`. Kumiki trains eight steps; Model Garden goes
 * on, is preempted after a checkpoint, and goes on from it on another VM; Kumiki goes on from what comes of it. The same without a
 * preemption, on this machine, must end with the same losses and weights. The interpreter (Python 3.10) needs tf-models-official 2.11.0;
 * fake-gcs-server must be in the PATH, and openssl.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { mergeDeep } from '../../src/bert/config/merge.ts';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { openBucket } from '../../src/objects/open-bucket.ts';
import { tinyConfigFile, writeRandomRecords } from '../bert/tiny-training.ts';
import { tpuWorkspace } from '../cloud-tpu/tpu-workspace.ts';
import { serveAsGoogle } from '../objects/as-google.ts';
import { startEmulator } from '../objects/emulator.ts';
import { farthestWeight } from './farthest-weight.ts';

const python = process.env.KUMIKI_MODEL_GARDEN_PYTHON;
if (python === undefined) throw new Error('set KUMIKI_MODEL_GARDEN_PYTHON');

const [before, steps, after] = [8, 608, 616];
/** One batch, in its order: who begins to read again sees what one who goes on does. */
const [records, shuffled] = [6, 1];
const tolerance = 1e-4;

const config = mergeDeep(tinyConfigFile, {
  task: {
    model: {
      cls_heads: [{ name: 'next_sentence', inner_dim: 8, num_classes: 2, dropout_rate: 0 }],
      encoder: { bert: { dropout_rate: 0, attention_dropout_rate: 0 } },
    },
    train_data: { use_v2_feature_names: true, shuffle_buffer_size: shuffled },
    validation_data: { use_v2_feature_names: true },
  },
  trainer: {
    steps_per_loop: 25,
    checkpoint_interval: 100,
    validation_interval: 200,
    optimizer_config: { learning_rate: { polynomial: { initial_learning_rate: 1e-3, decay_steps: 1000 } } },
  },
});
const inputs = {
  records: ['train.tfrecord.gz'],
  validation: ['train.tfrecord.gz'],
  data: 'config.yaml',
  model: 'config.yaml',
};
const from = (stage: string) => ({ ...inputs, resume: `\${{ stages.${stage}.outputs.checkpoint }}` });
const ours = { uses: 'pretrain', with: { backend: 'wasm', threads: 1 } };
const models = execFileSync(python, ['-c', 'import official; print(official.__path__[0])'], { encoding: 'utf8' });
await using workspace = tpuWorkspace();
workspace.write('config.yaml', config);
workspace.write('workflow.yaml', {
  name: 'preempted',
  params: { runtime: 'tpu-vm' },
  stages: {
    first: { ...ours, inputs, with: { ...ours.with, steps: before } },
    second: {
      uses: 'pretrain-model-garden',
      inputs: from('first'),
      with: {
        runtime: '${{ params.runtime }}',
        ...{ python, steps, zone: 'europe-west4-a', bucket: 'gs://lab/bert', poll: 0.2 },
        models: dirname(models.trim()),
      },
    },
    third: { ...ours, inputs: from('second'), with: { ...ours.with, steps: after } },
  },
});
writeRandomRecords(workspace.path('plain'), records, 1);
writeFileSync(workspace.path('train.tfrecord.gz'), gzipSync(readFileSync(workspace.path('plain'))));

const started = performance.now();
const said = (what: string) => console.log(`${((performance.now() - started) / 1000).toFixed(0)} s: ${what}`);

const emulator = await startEmulator(join(workspace.folder, 'gcs'));
const google = await serveAsGoogle(emulator.endpoint, workspace.folder);
try {
  const program = [
    '#!/bin/bash',
    ...Object.entries({ ...google.env, TF_CPP_MIN_LOG_LEVEL: '1' }).map(([name, value]) => `export ${name}='${value}'`),
    'set -- "${@/distribution_strategy=tpu/distribution_strategy=one_device}"',
    `exec '${python}' "\${@/#--tpu=local/--tpu=}"`,
  ];
  workspace.write('cloud/python/python3', program.join('\n'));
  const env = { GCS_API_ENDPOINT: emulator.endpoint };
  const run = workspace.start(['run'], { env });
  const checkpoint = await Promise.race([firstCheckpoint(), run.finished]);
  assert.equal(typeof checkpoint, 'string', JSON.stringify(checkpoint));
  said(`${checkpoint} is in the bucket: the VM is preempted`);
  workspace.faults('preempt');
  workspace.write('cloud/python/met', '');
  const { exit, stdout, stderr } = await run.finished;
  assert.equal(exit, 0, stdout + stderr);
  const log = (await workspace.kumiki(['logs', 'second'])).stdout;
  assert.match(log, /was preempted or taken for maintenance: making another/);
  const restored = [...log.matchAll(/controller.*restored model from gs:\S+\/ckpt-(\d+)/g)].map(([, step]) =>
    Number(step),
  );
  assert.equal(restored.length, 2, log);
  assert.equal(restored[0], before);
  assert.ok(restored[1]! > before && restored[1]! < steps, `restored from step ${restored[1]}`);
  assert.deepEqual(workspace.leftBehind(), [], 'the VMs are deleted');
  const verbs = workspace.verbs().map((words) => words[3]!);
  const made = verbs.filter((verb) => ['create', 'delete'].includes(verb));
  assert.deepEqual(made, ['create', 'delete', 'create', 'delete']);
  said(`done: restored at steps ${restored.join(' and ')}, ${verbs.length} calls of gcloud`);

  const onTpu = await training({});
  assert.deepEqual(
    onTpu.losses.map(({ step }) => step),
    Array.from({ length: 24 }, (_, i) => before + 25 * (i + 1)),
  );
  const alone = { KUMIKI_CACHE: workspace.path('undisturbed') };
  const local = await workspace.kumiki(['run', 'workflow.yaml', 'second', '--set', 'params.runtime=local'], {
    env: alone,
  });
  assert.equal(local.exit, 0, local.stdout + local.stderr);
  const undisturbed = await training(alone);
  const pretrained = await training({}, 'third');
  const besideWeights = (files: readonly string[]) => files.filter((name) => !name.startsWith('ckpt-'));
  assert.deepEqual(
    besideWeights(onTpu.files),
    besideWeights(pretrained.files),
    'a model directory as pretrain leaves it',
  );
  assert.deepEqual(onTpu.files, undisturbed.files, 'the same checkpoints');
  const apart = onTpu.losses.map(({ loss }, i) => Math.abs(loss - undisturbed.losses[i]!.loss));
  const weights = farthestWeight(onTpu.prefix, undisturbed.prefix);
  const [first, last] = [onTpu.losses[0]!, onTpu.losses.at(-1)!];
  said(
    `beside an undisturbed one: losses at most ${Math.max(...apart).toPrecision(2)} apart, weights ${weights.toPrecision(2)}`,
  );
  said(`loss ${first.loss.toFixed(4)} at step ${first.step}, ${last.loss.toFixed(4)} at ${last.step}`);
  assert.ok(Math.max(...apart) <= tolerance && weights <= tolerance);
  assert.ok(last.loss < first.loss);
} finally {
  google.stop();
  emulator.stop();
}

/** The first that the trainer names in the bucket, beside the one that it goes on from. */
async function firstCheckpoint(): Promise<string> {
  const bucket = await openBucket({ kind: 'gcs', bucket: 'lab', path: 'bert' }, { endpoint: emulator.endpoint });
  for (;;) {
    for await (const { name } of bucket.list('trainings/')) {
      if (!name.endsWith('/model_dir/checkpoint')) continue;
      const step = /^model_checkpoint_path: ".*ckpt-(\d+)"/m.exec(String(await bucket.read(name)))?.[1];
      if (step !== undefined && Number(step) > before) return `ckpt-${step}`;
    }
    await sleep(100);
  }
}

/** What a training left: its last checkpoint, and the losses of its log. */
async function training(env: Readonly<Record<string, string>>, stage = 'second') {
  const output = async (name: string) =>
    (await workspace.kumiki(['output', `${stage}.${name}`], { env })).stdout.trim();
  const directory = await output('checkpoint');
  const { prefix, step } = openCheckpoint(directory);
  assert.equal(step, stage === 'second' ? steps : after);
  const lines = readFileSync(await output('log'), 'utf8')
    .trim()
    .split('\n');
  const logged = lines.map((line) => JSON.parse(line) as { step: number; training_loss?: number });
  const losses = logged.flatMap(({ step, training_loss: loss }) => (loss === undefined ? [] : [{ step, loss }]));
  return {
    prefix,
    losses,
    files: readdirSync(directory).sort(),
  };
}
