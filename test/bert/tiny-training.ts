/** A training of a model small enough for a test, on random records. */
import { writeFileSync } from 'node:fs';
import type { PretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import { pretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import type { PretrainOptions } from '../../src/bert/pretrain/pretrain.ts';
import type { Device } from '../../src/devices/device.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { exampleRecord } from '../tensorflow/encode-example.ts';
import { unwatched } from '../unwatched.ts';

export const tinyShape = { vocabSize: 40, tokens: 12, masks: 3 };

/** Writes records of random ids, with segments, padding and unused predictions as real ones have. */
export function writeRandomRecords(path: string, count: number, seed: number, shape = tinyShape): void {
  const { randint, random } = cpythonRandom(seed);
  const { tokens, masks, vocabSize } = shape;
  const columns = {
    input_word_ids: new Int32Array(tokens),
    masked_lm_ids: new Int32Array(masks),
    input_type_ids: new Int32Array(tokens),
    next_sentence_labels: new Int32Array(1),
    masked_lm_positions: new Int32Array(masks),
    input_mask: new Int32Array(tokens),
    masked_lm_weights: new Float32Array(masks),
  };
  const records: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const length = randint(Math.ceil(tokens / 2), tokens);
    const masked = randint(1, masks);
    fill(columns.input_word_ids, (at) => (at < length ? randint(0, vocabSize - 1) : 0));
    fill(columns.input_mask, (at) => (at < length ? 1 : 0));
    fill(columns.input_type_ids, (at) => (at >= length / 2 && at < length ? 1 : 0));
    fill(columns.masked_lm_positions, (at) => (at < masked ? 1 + at : 0));
    fill(columns.masked_lm_ids, (at) => (at < masked ? randint(0, vocabSize - 1) : 0));
    fill(columns.masked_lm_weights, (at) => (at < masked ? 1 : 0));
    columns.next_sentence_labels[0] = random() < 0.5 ? 1 : 0;
    records.push(exampleRecord(Object.entries(columns).map(([name, values]) => ({ name, values }))));
  }
  writeFileSync(path, Buffer.concat(records));
}

function fill(values: Int32Array | Float32Array, valueAt: (index: number) => number): void {
  for (let i = 0; i < values.length; i++) values[i] = valueAt(i);
}

/** Two layers of eight. `override` as in `params_override`. */
export function tinyConfig(override = ''): PretrainingConfig {
  return pretrainingConfig([tinyConfigFile], override);
}

export const tinyConfigFile = {
  task: {
    model: {
      cls_heads: [{ name: 'next_sentence', inner_dim: 8, num_classes: 2, dropout_rate: 0.1 }],
      encoder: {
        type: 'bert',
        bert: {
          vocab_size: tinyShape.vocabSize,
          hidden_size: 8,
          num_layers: 2,
          num_attention_heads: 2,
          intermediate_size: 16,
          max_position_embeddings: tinyShape.tokens,
        },
      },
    },
    train_data: { global_batch_size: 6, seq_length: tinyShape.tokens, max_predictions_per_seq: tinyShape.masks },
    validation_data: { global_batch_size: 6, seq_length: tinyShape.tokens, max_predictions_per_seq: tinyShape.masks },
  },
  trainer: {
    train_steps: 30,
    steps_per_loop: 4,
    checkpoint_interval: 8,
    validation_interval: 10,
    max_to_keep: 2,
    optimizer_config: {
      learning_rate: { polynomial: { initial_learning_rate: 0.01, decay_steps: 100 } },
      warmup: { polynomial: { warmup_steps: 5 } },
    },
  },
};

export function trainingOptions(
  device: Device,
  paths: { readonly records: string; readonly work: string },
  more: Partial<PretrainOptions> = {},
): PretrainOptions {
  const config = more.config ?? tinyConfig();
  return {
    device,
    config,
    validation: [],
    steps: config.trainer.trainSteps,
    batchSize: config.trainData.global_batch_size,
    validationBatchSize: config.validationData.global_batch_size,
    microBatch: config.trainData.global_batch_size,
    replicas: 1,
    seed: 0,
    shuffle: true,
    ...unwatched(),
    ...more,
    records: [paths.records],
    work: paths.work,
  };
}
