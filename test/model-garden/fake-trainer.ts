/**
 * Stands in for a Python with Model Garden: answers the question for its version, and to `official.nlp.train` writes what a real run
 * writes: checkpoints of the configured model, `train/` and `validation/` events, and TensorFlow's list of checkpoints.
 * `FOLDER/fault` holds one fault, which it takes: `crash STEP`, `hang STEP` (waits to be killed), `wait STEP` (until there is `FOLDER/go`),
 * `memory STEP`.
 */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { mergeDeep } from '../../src/bert/config/merge.ts';
import { pretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import { listedCheckpoints, saveCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { learningRate } from '../../src/bert/training/optimizer.ts';
import { encodeEventFile } from '../../src/tensorflow/event-file.ts';

const [folder, ...args] = process.argv.slice(2);
if (args[0] === '-c') {
  process.stdout.write('2.11.0\n');
  process.exit(0);
}

const flags = (name: string) =>
  args.flatMap((arg) => (arg.startsWith(`--${name}=`) ? [arg.slice(name.length + 3)] : []));
const modelDirectory = flags('model_dir')[0]!;
appendFileSync(join(folder!, 'calls.jsonl'), `${JSON.stringify(args)}\n`);
const merged = flags('config_file')
  .map((path) => parse(readFileSync(path, 'utf8')) as unknown)
  .reduce(mergeDeep, {}) as {
  task: Record<'train_data' | 'validation_data', { input_path: string }> & { init_checkpoint: string };
};
const { init_checkpoint } = merged.task;
const paths = [merged.task.train_data, merged.task.validation_data].flatMap(({ input_path }) =>
  input_path.split(',').filter(Boolean),
);
for (const path of paths) assert.notEqual(readFileSync(path)[0], 0x1f, `${path}: the trainer cannot read gzip`);
if (init_checkpoint !== '') assert.ok(existsSync(`${init_checkpoint}.index`), `no checkpoint ${init_checkpoint}`);
const config = pretrainingConfig([mergeDeep(merged, { task: { init_checkpoint: '' } })]);
const { trainSteps, stepsPerLoop, checkpointInterval, maxToKeep, validationInterval } = config.trainer;

const begun = Number(/\d+$/.exec(listedCheckpoints(modelDirectory).at(-1) ?? '0')![0]);
for (const kind of ['train', 'validation']) mkdirSync(join(modelDirectory, kind), { recursive: true });
const eventFile = (kind: string) =>
  join(modelDirectory, kind, `events.out.tfevents.${Date.now()}.fake.${process.pid}.v2`);
const [train, validation] = [eventFile('train'), eventFile('validation')];
let lastSaved: number | undefined;
for (let step = begun + stepsPerLoop; step <= trainSteps; step += stepsPerLoop) {
  const means = { lm_example_loss: 3, masked_lm_accuracy: 0.25, next_sentence_loss: 0.75, next_sentence_accuracy: 0.5 };
  const scalars = { training_loss: 3.75 + begun, ...means, learning_rate: learningRate(config.schedule, step) };
  appendFileSync(train, encodeEventFile([{ step, scalars }]));
  process.stderr.write(`I1125 00:00:00.000000 controller.py:277] train | step: ${step}\n`);
  if (lastSaved === undefined || step - lastSaved >= checkpointInterval || step === trainSteps) {
    const zeros = ({ shape }: { shape: readonly number[] }) => new Float32Array(shape.reduce((a, b) => a * b, 1));
    saveCheckpoint(
      modelDirectory,
      config.architecture,
      config.optimizer,
      { step, saves: 1, weight: zeros, moment: zeros },
      maxToKeep,
    );
    appendFileSync(join(modelDirectory, 'checkpoint'), `last_preserved_timestamp: ${Date.now() / 1000}\n`);
    lastSaved = step;
  }
  if (step % validationInterval === 0 && flags('mode')[0] === 'train_and_eval') {
    appendFileSync(validation, encodeEventFile([{ step, scalars: { validation_loss: 3.75, ...means } }]));
  }
  await meetFault(step);
}
writeFileSync(join(modelDirectory, 'params.yaml'), 'a: date\n');

async function meetFault(step: number): Promise<void> {
  const file = join(folder!, 'fault');
  const [kind, at] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  if (kind === undefined || Number(at) !== step) return;
  rmSync(file);
  writeFileSync(join(folder!, 'met'), `${process.pid}`);
  if (kind === 'crash') {
    process.stderr.write(
      'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: a fault of the test.\n',
    );
    process.exit(1);
  }
  if (kind === 'memory') process.kill(process.pid, 'SIGKILL');
  process.stdout.write('hangs\n');
  while (kind === 'wait') {
    if (existsSync(join(folder!, 'go'))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}
