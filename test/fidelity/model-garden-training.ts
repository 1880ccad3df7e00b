/**
 * Training beside Model Garden, run by hand with the reference data beside the checkout:
 *   KUMIKI_MODEL_GARDEN_PYTHON=…/bin/python node dist/test/fidelity/model-garden-training.js
 * The interpreter (Python 3.10) needs tf-models-official 2.11.0 and what it depends on. Twenty steps of ours, from fresh weights; then
 * Model Garden and we go on from that checkpoint. Held against each other: every tensor as TensorFlow reads it and as we do, losses and
 * metrics of training and validation at each step, the weights at the end, and our event files as TensorFlow reads them.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { pretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import { pretrain } from '../../src/bert/pretrain/pretrain.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import { openBundle } from '../../src/tensorflow/bundle/reader.ts';
import { stringElement } from '../../src/tensorflow/bundle/strings.ts';
import pretrainStage from '../../stages/pretrain.ts';
import { sharedPath } from '../shared.ts';
import { unwatched } from '../unwatched.ts';
import { farthestWeight } from './farthest-weight.ts';

const python = process.env.KUMIKI_MODEL_GARDEN_PYTHON;
const golden = sharedPath('golden/model-garden');
if (python === undefined || golden === undefined) throw new Error('set KUMIKI_MODEL_GARDEN_PYTHON and KUMIKI_SHARED');

const folder = mkdtempSync(join(tmpdir(), 'kumiki-model-garden-'));
const program = join(import.meta.dirname, '../../../test/fidelity/model-garden-training.py');
const records = join(golden, 'train.tfrecord');
const configs = ['data.yaml', 'model.yaml'].map((name) => join(golden, name));
const tolerance = 1e-4;

const asTensorflow = (command: 'tensors' | 'scalars', path: string) =>
  JSON.parse(
    execFileSync(python, [program, command, path], {
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString(),
  );

type Tensors = Record<string, [string, number[], string]>;
type Scalars = Record<string, Record<string, number>>;

function asWeRead(prefix: string): Tensors {
  const bundle = openBundle(prefix);
  const entries = [...bundle.tensors].map(([name, { dtype, shape }]): [string, Tensors[string]] => {
    const bytes = bundle.read(name);
    const content = dtype === 'string' ? stringElement(bytes) : bytes;
    return [name, [dtype, [...shape], createHash('sha256').update(content).digest('hex')]];
  });
  bundle.close();
  return Object.fromEntries(entries);
}

let failed = false;
function check(what: string, worst: number, limit: number): void {
  const passed = worst <= limit;
  failed ||= !passed;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${what}: ${worst.toPrecision(3)} (at most ${limit})`);
}

function differing(a: Tensors, b: Tensors): number {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])).length;
}

function farthestScalar(ours: Scalars, theirs: Scalars, tags: readonly string[], steps: readonly number[]): number {
  return Math.max(...tags.flatMap((tag) => steps.map((step) => Math.abs(ours[tag]![step]! - theirs[tag]![step]!))));
}

const config = pretrainingConfig(
  configs.map((path) => parse(readFileSync(path, 'utf8')) as unknown),
  'trainer.validation_interval=20,trainer.validation_steps=5',
);
const device = await openDevice('auto', 2);
const common = {
  device,
  config,
  records: [records],
  batchSize: 16,
  validationBatchSize: 16,
  microBatch: 16,
  replicas: 1,
  seed: 1,
  shuffle: false,
  ...unwatched(),
};
try {
  const first = join(folder, 'first');
  await pretrain({ ...common, validation: [], steps: 20, work: first });
  const start = join(first, 'model_dir/ckpt-20');
  check(
    'tensors of our checkpoint that TensorFlow reads otherwise',
    differing(asWeRead(start), asTensorflow('tensors', start)),
    0,
  );

  const theirs = join(folder, 'theirs');
  cpSync(join(first, 'model_dir'), theirs, { recursive: true });
  execFileSync(
    python,
    [
      ...[
        '-m',
        'official.nlp.train',
        '--experiment=bert/pretraining',
        '--mode=train_and_eval',
        `--model_dir=${theirs}`,
      ],
      ...configs.map((path) => `--config_file=${path}`),
      `--params_override=task.train_data.input_path=${records},task.validation_data.input_path=${records},` +
        'runtime.distribution_strategy=one_device,runtime.enable_xla=false,trainer.validation_interval=20,trainer.validation_steps=5',
    ],
    { stdio: 'ignore' },
  );
  const ours = join(folder, 'ours');
  await runStage(start, ours);
  const final = join(ours, 'checkpoint/ckpt-40');
  check(
    'tensors of our last checkpoint that TensorFlow reads otherwise',
    differing(asWeRead(final), asTensorflow('tensors', final)),
    0,
  );
  const metrics = ['lm_example_loss', 'masked_lm_accuracy', 'next_sentence_loss', 'next_sentence_accuracy'];
  const scalarsOf = (path: string) => asTensorflow('scalars', path) as Scalars;
  const trained = Array.from({ length: 20 }, (_, i) => 21 + i);
  const [train, trainThere] = [join(ours, 'summaries/train'), join(theirs, 'train')].map(scalarsOf);
  check(
    'training losses and accuracies, steps 21 to 40',
    farthestScalar(train!, trainThere!, ['training_loss', ...metrics], trained),
    tolerance,
  );
  check('learning rate', farthestScalar(train!, trainThere!, ['learning_rate'], trained), 0);
  const [validation, validationThere] = [join(ours, 'summaries/validation'), join(theirs, 'validation')].map(scalarsOf);
  check(
    'validation at step 40',
    farthestScalar(validation!, validationThere!, ['validation_loss', ...metrics], [40]),
    tolerance,
  );
  check('weights after step 40', farthestWeight(final, join(theirs, 'ckpt-40')), tolerance);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Twenty more steps through the stage, for its outputs. */
async function runStage(resume: string, root: string): Promise<void> {
  const outputs = { checkpoint: join(root, 'checkpoint'), log: join(root, 'log'), summaries: join(root, 'summaries') };
  for (const path of [outputs.checkpoint, outputs.summaries, join(root, 'scratch')])
    mkdirSync(path, { recursive: true });
  await pretrainStage.run({
    params: pretrainStage.params.parse({
      params_override: 'trainer.validation_interval=20,trainer.validation_steps=5',
    }),
    inputs: {
      records: [records],
      validation: [records],
      data: configs[0]!,
      model: configs[1]!,
      resume,
      init_checkpoint: undefined,
    },
    outputs,
    scratch: join(root, 'scratch'),
    resources: { cpu: 2 },
    gcs: {},
    ...common,
  });
}
