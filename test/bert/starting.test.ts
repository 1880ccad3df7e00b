import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { modelVariables } from '../../src/bert/model/variables.ts';
import { type PretrainOptions, pretrain } from '../../src/bert/pretrain/pretrain.ts';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import type { Device } from '../../src/devices/device.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import { tinyConfig, tinyShape, trainingOptions, writeRandomRecords } from './tiny-training.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-starting-'));
after(() => rmSync(folder, { recursive: true }));

const records = join(folder, 'train.tfrecord');
const trained = join(folder, 'trained/model_dir');
let device: Device;
before(async () => {
  writeRandomRecords(records, 20, 1);
  device = await openDevice('wasm', 1);
  await train('trained', { steps: 8 });
});

function train(work: string, more: Partial<PretrainOptions> = {}, path = records): Promise<void> {
  return pretrain(trainingOptions(device, { records: path, work: join(folder, work) }, more));
}

/** With a rate that moves nothing, so that the first checkpoint holds what the training began with. */
const still = tinyConfig('trainer.optimizer_config.learning_rate.polynomial.initial_learning_rate=1.0e-30');
const { architecture } = still;

function assertSame(a: Float32Array, b: Float32Array, name: string): void {
  assert.equal(a.length, b.length);
  for (const [i, value] of a.entries())
    assert.ok(Math.abs(value - b[i]!) < 1e-25, `${name}[${i}]: ${value}, not ${b[i]}`);
}

test('fresh weights are those of the seed, and another seed gives others', async () => {
  await train('fresh', { config: still, steps: 1, seed: 4 });
  const checkpoint = openCheckpoint(join(folder, 'fresh/model_dir'));
  for (const variable of modelVariables(architecture)) {
    assertSame(checkpoint.weight(variable), initialWeights(variable, 0.02, 4), variable.key);
  }
  assert.equal(checkpoint.step, 1);
});

test('a continuation takes encoder, masked-LM head and pooler; the rest starts anew', async () => {
  await train('continued', { config: still, steps: 1, initCheckpoint: trained, seed: 4 });
  const [before, now] = [trained, join(folder, 'continued/model_dir')].map(openCheckpoint);
  for (const variable of modelVariables(architecture)) {
    const isOutput = variable.key.startsWith('model/classification_heads/0/out_proj');
    const expected = isOutput ? initialWeights(variable, 0.02, 4) : before!.weight(variable);
    assertSame(now!.weight(variable), expected, variable.key);
    if (!variable.trained) continue;
    // m after one update is a tenth of a clipped gradient; it would hold most of the old one otherwise.
    const [m, v] = [now!.moment(variable, 'm'), now!.moment(variable, 'v')];
    for (const [i, value] of m.entries())
      assert.ok(Math.abs(value) <= 0.1 && Math.abs(v[i]! - value * value * 0.1) < 1e-6);
  }
  assert.equal(before!.step, 8);
  assert.equal(now!.step, 1);
});

test('a loss that explodes or is no number ends the training, and the last good checkpoint is named', async () => {
  const failing = (rate: string, warmup: number) =>
    tinyConfig(
      `trainer.optimizer_config.learning_rate.polynomial.initial_learning_rate=${rate},trainer.optimizer_config.warmup.polynomial.warmup_steps=${warmup},` +
        'trainer.steps_per_loop=1,trainer.checkpoint_interval=1',
    );
  await assert.rejects(
    train('exploding', { config: failing('60.0', 30) }),
    /the loss has exploded to \d+\.\d\d at step \d+, above \d+\.\d\d; the last good checkpoint is .*exploding\/model_dir\/ckpt-\d+\. A lower learning rate/,
  );
  await assert.rejects(
    train('nan', { config: failing('1.0e+38', 0) }),
    /the loss is NaN at step 2; there is no good checkpoint/,
  );
});

test('a checkpoint of another shape is refused by the name of the tensor', async () => {
  const wider = tinyConfig('task.model.encoder.bert.vocab_size=41');
  for (const how of ['initCheckpoint', 'resume'] as const) {
    await assert.rejects(
      train(`wider-${how}`, { config: wider, [how]: trained }),
      /ckpt-8: tensor masked_lm\/embedding_table.* has shape \[40,8\] where the model has \[41,8\]/,
    );
  }
});

test('a corrupt or truncated checkpoint is refused by file and tensor', async () => {
  const data = join(trained, 'ckpt-8.data-00000-of-00001');
  const bytes = readFileSync(data);
  const bad = Buffer.from(bytes);
  bad[50]! ^= 1;
  for (const [content, expected] of [
    [bad, /ckpt-8\.data-00000-of-00001 is damaged: the checksum of tensor \S+ is wrong/],
    [bytes.subarray(0, 1000), /ckpt-8\.data-00000-of-00001 is truncated: tensor \S+ ends at byte \d+/],
  ] as const) {
    writeFileSync(data, content);
    await assert.rejects(train('corrupt', { initCheckpoint: trained }), expected);
  }
  writeFileSync(data, bytes);
});

test('records that do not fit the model are refused by file and record', async () => {
  const other = join(folder, 'other.tfrecord');
  writeRandomRecords(other, 5, 1, { ...tinyShape, vocabSize: 4000 });
  await assert.rejects(
    train('vocabulary', { shuffle: false }, other),
    /other\.tfrecord: record 0 holds the token id \d+, but the model has vocab_size 40/,
  );
  writeRandomRecords(other, 5, 1, { ...tinyShape, tokens: 10 });
  await assert.rejects(
    train('length', {}, other),
    /the records have 10 tokens and 3 predictions, the data configuration says seq_length 12/,
  );
  writeFileSync(other, '');
  await assert.rejects(train('empty', {}, other), /other\.tfrecord: no records in these files/);
  await assert.rejects(train('replicas', { replicas: 4 }), /a batch of 6 cannot be cut into 4 equal replicas/);
});
