/**
 * The keys of Model Garden's experiment `bert/pretraining` (release 2.11), with the defaults that it gives them. Three kinds: keys that
 * training follows; keys that must have the one value that is implemented; and keys that only say how Model Garden itself runs,
 * which are read and left alone, so that a `params.yaml` of its own is understood.
 */
import { z } from 'zod';

const count = z.int().positive();
const rate = z.number().min(0).max(1);

/** Says how Model Garden runs, not what it trains. */
const ignored = z.unknown().optional();

/** The one value that is implemented; Model Garden writes it, or null, into its `params.yaml`. */
const only = <const T extends string | number | boolean | null>(value: T, message?: string) =>
  z
    .custom<T>((given) => given === value, message ?? `only ${JSON.stringify(value)} is supported`)
    .default(value as never);

const dataSchema = z.strictObject({
  global_batch_size: count.default(512),
  is_training: z.boolean().default(true),
  seq_length: count.default(512),
  max_predictions_per_seq: count.default(76),
  use_next_sentence_label: only(true),
  use_position_id: only(false),
  // Records with either set of names are read.
  use_v2_feature_names: z.boolean().default(false),
  // The stage's input `records` takes its place.
  input_path: ignored,
  drop_remainder: ignored,
  shuffle_buffer_size: ignored,
  seed: ignored,
  cycle_length: ignored,
  block_length: ignored,
  deterministic: ignored,
  cache: ignored,
  sharding: ignored,
  prefetch_buffer_size: ignored,
  enable_tf_data_service: ignored,
  tf_data_service_address: ignored,
  tf_data_service_job_name: ignored,
  enable_shared_tf_data_service_between_parallel_trainers: ignored,
  apply_tf_data_service_before_batching: ignored,
  trainer_id: ignored,
  tfds_name: only(''),
  tfds_split: only(''),
  tfds_data_dir: ignored,
  tfds_as_supervised: ignored,
  tfds_skip_decoding_feature: ignored,
});

const headSchema = z.strictObject({
  name: only('next_sentence'),
  num_classes: only(2),
  activation: only('tanh'),
  inner_dim: count,
  cls_token_idx: only(0),
  dropout_rate: rate.default(0),
});

/** `task.model.encoder.bert`. */
export const bertSchema = z.strictObject({
  attention_dropout_rate: rate.default(0.1),
  dropout_rate: rate.default(0.1),
  // Model Garden's `gelu` is the tanh approximation; `gelu_erf` is ours, for the ablation.
  hidden_activation: z.enum(['gelu', 'gelu_erf']).default('gelu'),
  hidden_size: count.default(768),
  initializer_range: z.number().positive().default(0.02),
  intermediate_size: count.default(3072),
  max_position_embeddings: count.default(512),
  num_attention_heads: count.default(12),
  num_layers: count.default(12),
  type_vocab_size: count.default(2),
  vocab_size: count.default(30522),
  embedding_size: only(null),
  output_range: only(null),
  norm_first: only(false, 'only false is supported: BERT normalises after the residual'),
  return_all_encoder_outputs: ignored,
});

const polynomialSchema = z.strictObject({
  initial_learning_rate: z.number().positive().default(1e-4),
  end_learning_rate: z.number().min(0).default(0),
  decay_steps: count.default(1_000_000),
  power: z.number().positive().default(1),
  cycle: only(false),
  offset: only(0),
  name: ignored,
});

const warmupSchema = z.strictObject({
  power: only(1),
  warmup_steps: z.int().min(0).default(10_000),
  name: ignored,
});

const adamwSchema = z.strictObject({
  beta_1: rate.default(0.9),
  beta_2: rate.default(0.999),
  epsilon: z.number().positive().default(1e-7),
  weight_decay_rate: z.number().min(0).default(0.01),
  gradient_clip_norm: z.number().positive().default(1),
  exclude_from_weight_decay: z
    .custom<unknown>(
      (given) => JSON.stringify(given) === '["LayerNorm","layer_norm","bias"]',
      'only [LayerNorm, layer_norm, bias] is supported',
    )
    .optional(),
  include_in_weight_decay: only(null),
  amsgrad: only(false),
  clipnorm: only(null),
  clipvalue: only(null),
  global_clipnorm: only(null),
  name: ignored,
});

const trainerSchema = z.strictObject({
  train_steps: count.default(1_000_000),
  steps_per_loop: count.default(1000),
  checkpoint_interval: count.default(1000),
  max_to_keep: count.default(5),
  validation_interval: count.default(1000),
  /** −1: all of the validation data. */
  validation_steps: z.int().min(-1).default(-1),
  /** Training stops where the loss is above it. */
  loss_upper_bound: z.number().positive().default(1e6),
  optimizer_config: z
    .strictObject({
      optimizer: z.strictObject({ type: only('adamw'), adamw: adamwSchema.prefault({}) }).prefault({}),
      learning_rate: z
        .strictObject({ type: only('polynomial'), polynomial: polynomialSchema.prefault({}) })
        .prefault({}),
      warmup: z.strictObject({ type: only('polynomial'), polynomial: warmupSchema.prefault({}) }).prefault({}),
      ema: only(null),
    })
    .prefault({}),
  // Model Garden writes its summaries at the end of each loop, as we do: this one is for summaries from inside a step.
  summary_interval: ignored,
  allow_tpu_summary: ignored,
  best_checkpoint_export_subdir: only(''),
  best_checkpoint_eval_metric: ignored,
  best_checkpoint_metric_comp: ignored,
  continuous_eval_timeout: ignored,
  eval_tf_function: ignored,
  eval_tf_while_loop: ignored,
  train_tf_function: ignored,
  train_tf_while_loop: ignored,
  recovery_begin_steps: ignored,
  recovery_max_trials: ignored,
  validation_summary_subdir: ignored,
});

export const schema = z.strictObject({
  task: z
    .strictObject({
      init_checkpoint: only('', "give the checkpoint as the stage's input init_checkpoint instead"),
      model: z
        .strictObject({
          encoder: z.strictObject({ type: only('bert'), bert: bertSchema.prefault({}) }).prefault({}),
          cls_heads: z.tuple([headSchema], 'the next-sentence head, and no other').default([
            {
              name: 'next_sentence',
              num_classes: 2,
              activation: 'tanh',
              inner_dim: 768,
              cls_token_idx: 0,
              dropout_rate: 0.1,
            },
          ]),
          mlm_activation: only('gelu'),
          mlm_initializer_range: z.number().positive().default(0.02),
          mlm_output_weights_use_proj: ignored,
        })
        .prefault({}),
      train_data: dataSchema.prefault({}),
      validation_data: dataSchema.prefault({ is_training: false }),
      scale_loss: only(false),
      differential_privacy_config: only(null),
      name: ignored,
    })
    .prefault({}),
  trainer: trainerSchema.prefault({}),
  runtime: ignored,
});
