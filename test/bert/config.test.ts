import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ConfigError } from '../../src/bert/config/error.ts';
import { pretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import { fixturePath } from '../fixtures.ts';
import { sharedPath } from '../shared.ts';

const model = {
  task: {
    model: {
      cls_heads: [{ inner_dim: 32 }],
      encoder: { bert: { hidden_size: 32, num_attention_heads: 2, vocab_size: 100 } },
    },
  },
  trainer: { optimizer_config: { learning_rate: { polynomial: { initial_learning_rate: 0.002 } } } },
};
const data = { task: { train_data: { seq_length: 128, global_batch_size: 64 } } };

test('files merge key by key, and what is missing has the defaults of the experiment', () => {
  const config = pretrainingConfig([data, model]);
  assert.equal(config.architecture.hiddenSize, 32);
  assert.equal(config.architecture.layers, 12);
  assert.equal(config.trainData.seq_length, 128);
  assert.equal(config.trainData.max_predictions_per_seq, 76);
  assert.deepEqual(config.schedule, {
    initialRate: 0.002,
    endRate: 0,
    decaySteps: 1_000_000,
    power: 1,
    warmupSteps: 10_000,
  });
});

test('an override replaces one value and is read as YAML', () => {
  const config = pretrainingConfig([data, model], 'trainer.train_steps=500,task.train_data.is_training=false');
  assert.equal(config.trainer.trainSteps, 500);
  assert.equal(config.trainData.is_training, false);
  assert.equal(config.trainData.global_batch_size, 64);
});

test('a typo, a wrong type and an impossible shape are named by their keys', () => {
  const wrong = (override: string) => () => pretrainingConfig([data, model], override);
  assert.throws(
    wrong('trainer.train_step=5'),
    /trainer\.train_step: there is no such key; did you mean 'train_steps'\?/,
  );
  assert.throws(wrong('task.model.encoder.bert.hiden_size=5'), /bert\.hiden_size: .* did you mean 'hidden_size'\?/);
  assert.throws(
    wrong('task.model.encoder.albert.hidden_size=5'),
    /encoder\.albert: .* did you mean 'bert'\?|there are type, bert/,
  );
  assert.throws(wrong('trainer.optimizer_config.optimizer.type=lamb'), /optimizer\.type: only "adamw" is supported/);
  assert.throws(wrong('task.init_checkpoint=/x'), /task\.init_checkpoint: give the checkpoint as the stage's input/);
  assert.throws(wrong('trainer.train_steps=many'), /trainer\.train_steps/);
  assert.throws(wrong('task.model.encoder.bert.num_attention_heads=5'), /no multiple/);
  assert.throws(wrong('task.train_data.seq_length=1024'), /exceeds max_position_embeddings 512/);
  assert.throws(wrong('nonsense'), /section\.key=value/);
  assert.throws(wrong('__proto__.polluted=1'), ConfigError);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('all mistakes are told at once', () => {
  const mistakes = 'trainer.train_steps=0,task.scale_loss=true,task.train_data.sequence_length=3';
  assert.throws(
    () => pretrainingConfig([data, model], mistakes),
    (error: Error) =>
      /train_steps/.test(error.message) && /scale_loss/.test(error.message) && /sequence_length/.test(error.message),
  );
});

test('commas in brackets and quotes belong to a value of an override', () => {
  const { merged } = pretrainingConfig(
    [data, model],
    'task.train_data.input_path=[/a,/b],task.train_data.tfds_split="",runtime.tpu=x',
  );
  assert.deepEqual((merged as { task: { train_data: { input_path: string[] } } }).task.train_data.input_path, [
    '/a',
    '/b',
  ]);
});

test('the params.yaml of Model Garden itself is understood; what it says and nothing follows is remarked on', () => {
  const theirs = parse(readFileSync(fixturePath('model-garden.params.yaml'), 'utf8')) as unknown;
  const config = pretrainingConfig([theirs]);
  assert.equal(config.architecture.hiddenSize, 48);
  assert.equal(config.trainer.validationSteps, 5);
  assert.equal(config.trainer.lossUpperBound, 1e6);
  assert.deepEqual(
    config.remarks.map((remark) => remark.split(' ')[0]),
    ['task.train_data.input_path', 'task.validation_data.input_path'],
  );
});

test("the original's files are understood", { skip: sharedPath('reference') === undefined }, () => {
  const read = (path: string): unknown =>
    parse(readFileSync(sharedPath('reference/bert-japanese/configs', path)!, 'utf8'));
  const config = pretrainingConfig([read('data/cc-100.yaml'), read('model/bert_large_character.yaml')]);
  assert.deepEqual(config.architecture, {
    vocabSize: 7027,
    hiddenSize: 1024,
    layers: 24,
    heads: 16,
    intermediateSize: 4096,
    maxPositions: 512,
    typeVocabSize: 2,
    initializerRange: 0.02,
  });
  assert.equal(config.schedule.initialRate, 0.00005);
  assert.equal(config.trainer.checkpointInterval, 20000);
  assert.equal(config.trainData.global_batch_size, 2048);
});
