/**
 * The configuration of Model Garden's experiment `bert/pretraining`, from the YAML files that its `--config_file` takes: merged
 * deeply in order, then `--params_override`, over the experiment's own defaults (official/nlp/configs/experiment_configs.py).
 */
import { parse } from 'yaml';
import { z } from 'zod';
import type { Architecture } from '../model/architecture.ts';
import { adamWeightDecay, type OptimizerConfig, type Schedule } from './optimizer.ts';

/** A configuration that cannot be used: the message names the key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const count = z.int().positive();
const rate = z.number().min(0).max(1);

const dataSchema = z.strictObject({
  input_path: z.union([z.string(), z.array(z.string())]).optional(),
  global_batch_size: count.default(512),
  is_training: z.boolean().default(true),
  drop_remainder: z.boolean().default(true),
  seq_length: count.default(512),
  max_predictions_per_seq: count.default(76),
  use_next_sentence_label: z.literal(true).default(true),
  use_position_id: z.literal(false).default(false),
  use_v2_feature_names: z.boolean().default(false),
  shuffle_buffer_size: count.optional(),
  seed: z.int().nullish(),
  cycle_length: z.int().nullish(),
  block_length: z.int().optional(),
  deterministic: z.boolean().nullish(),
});

const headSchema = z.strictObject({
  name: z.literal('next_sentence').default('next_sentence'),
  num_classes: z.literal(2).default(2),
  activation: z.literal('tanh').default('tanh'),
  inner_dim: count,
  cls_token_idx: z.literal(0).default(0),
  dropout_rate: rate.default(0.1),
});

const bertSchema = z.strictObject({
  attention_dropout_rate: rate.default(0.1),
  dropout_rate: rate.default(0.1),
  hidden_activation: z.enum(['gelu', 'gelu_erf']).default('gelu'),
  hidden_size: count.default(768),
  initializer_range: z.number().positive().default(0.02),
  intermediate_size: count.default(3072),
  max_position_embeddings: count.default(512),
  num_attention_heads: count.default(12),
  num_layers: count.default(12),
  type_vocab_size: count.default(2),
  vocab_size: count.default(30522),
});

const polynomialSchema = z.strictObject({
  initial_learning_rate: z.number().positive().default(1e-4),
  end_learning_rate: z.number().min(0).default(0),
  decay_steps: count.default(1_000_000),
  power: z.number().positive().default(1),
  cycle: z.literal(false).default(false),
});

const warmupSchema = z.strictObject({ power: z.literal(1).default(1), warmup_steps: z.int().min(0).default(10_000) });

const adamwSchema = z.strictObject({
  beta_1: rate.default(adamWeightDecay.beta1),
  beta_2: rate.default(adamWeightDecay.beta2),
  epsilon: z.number().positive().default(adamWeightDecay.epsilon),
  weight_decay_rate: z.number().min(0).default(adamWeightDecay.weightDecay),
  gradient_clip_norm: z.number().positive().default(adamWeightDecay.clipNorm),
});

const schema = z.strictObject({
  task: z.strictObject({
    init_checkpoint: z.string().default(''),
    model: z.strictObject({
      cls_heads: z.tuple([headSchema]),
      encoder: z.strictObject({ type: z.literal('bert').default('bert'), bert: bertSchema }),
    }),
    train_data: dataSchema,
    validation_data: dataSchema.optional(),
    scale_loss: z.literal(false).default(false),
  }),
  trainer: z.strictObject({
    train_steps: count.default(1_000_000),
    steps_per_loop: count.default(1000),
    summary_interval: count.default(1000),
    checkpoint_interval: count.default(1000),
    max_to_keep: count.default(5),
    validation_interval: count.default(1000),
    validation_steps: z.int().default(-1),
    optimizer_config: z.strictObject({
      optimizer: z
        .strictObject({ type: z.literal('adamw').default('adamw'), adamw: adamwSchema.prefault({}) })
        .prefault({}),
      learning_rate: z
        .strictObject({
          type: z.literal('polynomial').default('polynomial'),
          polynomial: polynomialSchema.prefault({}),
        })
        .prefault({}),
      warmup: z
        .strictObject({ type: z.literal('polynomial').default('polynomial'), polynomial: warmupSchema.prefault({}) })
        .prefault({}),
    }),
  }),
  runtime: z.looseObject({}).optional(),
});

export type DataConfig = z.output<typeof dataSchema>;

export interface PretrainingConfig {
  readonly architecture: Architecture;
  readonly gelu: 'tanh' | 'erf';
  readonly dropout: { readonly hidden: number; readonly attention: number; readonly head: number };
  readonly trainData: DataConfig;
  readonly validationData: DataConfig | undefined;
  readonly schedule: Schedule;
  readonly optimizer: OptimizerConfig;
  readonly trainer: {
    readonly trainSteps: number;
    readonly stepsPerLoop: number;
    readonly summaryInterval: number;
    readonly checkpointInterval: number;
    readonly maxToKeep: number;
    readonly validationInterval: number;
    readonly validationSteps: number;
  };
  /** The merged configuration as it was read: `params.yaml` of the model directory. */
  readonly merged: unknown;
}

/** Reads merged YAML values. Throws `ConfigError` naming every key that is wrong. */
export function pretrainingConfig(layers: readonly unknown[], override = ''): PretrainingConfig {
  const merged = [...layers, overrideOf(override)].reduce(mergeDeep, {});
  const { success, data, error } = schema.safeParse(merged);
  if (!success) {
    const lines = error.issues.map(({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`);
    throw new ConfigError(`The training configuration is wrong:\n${lines.join('\n')}`);
  }
  const { model, train_data, validation_data } = data.task;
  const bert = model.encoder.bert;
  const [head] = model.cls_heads;
  const { learning_rate, warmup, optimizer } = data.trainer.optimizer_config;
  const { trainer } = data;
  if (bert.hidden_size % bert.num_attention_heads !== 0) {
    throw new ConfigError(
      `hidden_size ${bert.hidden_size} is no multiple of num_attention_heads ${bert.num_attention_heads}`,
    );
  }
  if (head.inner_dim !== bert.hidden_size) {
    throw new ConfigError(
      `cls_heads.0.inner_dim ${head.inner_dim} differs from hidden_size ${bert.hidden_size}: BERT's pooler is square`,
    );
  }
  if (train_data.seq_length > bert.max_position_embeddings) {
    throw new ConfigError(
      `train_data.seq_length ${train_data.seq_length} exceeds max_position_embeddings ${bert.max_position_embeddings}`,
    );
  }
  return {
    architecture: {
      vocabSize: bert.vocab_size,
      hiddenSize: bert.hidden_size,
      layers: bert.num_layers,
      heads: bert.num_attention_heads,
      intermediateSize: bert.intermediate_size,
      maxPositions: bert.max_position_embeddings,
      typeVocabSize: bert.type_vocab_size,
      initializerRange: bert.initializer_range,
    },
    // Model Garden's `gelu` is the tanh approximation; `gelu_erf` is ours, for the ablation.
    gelu: bert.hidden_activation === 'gelu' ? 'tanh' : 'erf',
    dropout: { hidden: bert.dropout_rate, attention: bert.attention_dropout_rate, head: head.dropout_rate },
    trainData: train_data,
    validationData: validation_data,
    schedule: {
      initialRate: learning_rate.polynomial.initial_learning_rate,
      endRate: learning_rate.polynomial.end_learning_rate,
      decaySteps: learning_rate.polynomial.decay_steps,
      power: learning_rate.polynomial.power,
      warmupSteps: warmup.polynomial.warmup_steps,
    },
    optimizer: {
      beta1: optimizer.adamw.beta_1,
      beta2: optimizer.adamw.beta_2,
      epsilon: optimizer.adamw.epsilon,
      weightDecay: optimizer.adamw.weight_decay_rate,
      clipNorm: optimizer.adamw.gradient_clip_norm,
    },
    trainer: {
      trainSteps: trainer.train_steps,
      stepsPerLoop: trainer.steps_per_loop,
      summaryInterval: trainer.summary_interval,
      checkpointInterval: trainer.checkpoint_interval,
      maxToKeep: trainer.max_to_keep,
      validationInterval: trainer.validation_interval,
      validationSteps: trainer.validation_steps,
    },
    merged,
  };
}

/** Maps merge key by key, anything else replaces: what `--config_file` twice does. */
function mergeDeep(base: unknown, over: unknown): unknown {
  if (!isMap(base) || !isMap(over)) return over;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      Object.hasOwn(over, key) ? mergeDeep(Object.hasOwn(base, key) ? base[key] : undefined, over[key]) : base[key],
    ]),
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `a.b=1,c.d=x` as a map; values are read as YAML. */
function overrideOf(text: string): unknown {
  const entries = text.split(',').filter((entry) => entry.trim() !== '');
  return entries.map(overrideEntry).reduce(mergeDeep, {});
}

function overrideEntry(entry: string): unknown {
  const at = entry.indexOf('=');
  const path = entry.slice(0, at).trim().split('.');
  if (at < 0 || path.some((part) => part === '')) {
    throw new ConfigError(`params_override: '${entry}' is not of the form section.key=value`);
  }
  return path.reduceRight<unknown>((value, key) => ({ [key]: value }), parse(entry.slice(at + 1)));
}
