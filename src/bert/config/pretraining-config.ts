/**
 * The configuration of Model Garden's experiment `bert/pretraining`, from the YAML files that its `--config_file` takes: merged
 * deeply in order, then `--params_override`, over the experiment's own defaults.
 */
import type { z } from 'zod';
import type { Architecture } from '../model/architecture.ts';
import type { OptimizerConfig, Schedule } from '../training/optimizer.ts';
import { ConfigError } from './error.ts';
import { mergeDeep, overrideOf } from './merge.ts';
import { mistakesIn } from './mistakes.ts';
import { schema } from './schema.ts';

export type DataConfig = z.output<typeof schema>['task']['train_data'];

export interface PretrainingConfig {
  readonly architecture: Architecture;
  /** Standard deviation of the masked-LM head's fresh kernel. */
  readonly maskedLmInitializerRange: number;
  readonly gelu: 'tanh' | 'erf';
  readonly dropout: { readonly hidden: number; readonly attention: number; readonly head: number };
  readonly trainData: DataConfig;
  readonly validationData: DataConfig;
  readonly schedule: Schedule;
  readonly optimizer: OptimizerConfig;
  readonly trainer: {
    readonly trainSteps: number;
    readonly stepsPerLoop: number;
    readonly checkpointInterval: number;
    readonly maxToKeep: number;
    readonly validationInterval: number;
    /** Batches of an evaluation; undefined: all of the data. */
    readonly validationSteps: number | undefined;
    readonly lossUpperBound: number;
  };
  /** The merged configuration as it was read: `params.yaml` of the model directory. */
  readonly merged: unknown;
  /** What it says and training does not follow, for people. */
  readonly remarks: readonly string[];
}

/** Reads merged YAML values. Throws `ConfigError` naming every key that is wrong. */
export function pretrainingConfig(layers: readonly unknown[], override = ''): PretrainingConfig {
  const merged = [...layers, overrideOf(override)].reduce(mergeDeep, {});
  const { success, data, error } = schema.safeParse(merged);
  if (!success) throw new ConfigError(`The training configuration is wrong:\n${mistakesIn(error, schema).join('\n')}`);
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
    maskedLmInitializerRange: model.mlm_initializer_range,
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
      checkpointInterval: trainer.checkpoint_interval,
      maxToKeep: trainer.max_to_keep,
      validationInterval: trainer.validation_interval,
      validationSteps: trainer.validation_steps < 1 ? undefined : trainer.validation_steps,
      lossUpperBound: trainer.loss_upper_bound,
    },
    merged,
    remarks: remarksOn(data.task),
  };
}

function remarksOn(task: Readonly<Record<'train_data' | 'validation_data', DataConfig>>): string[] {
  return (['train_data', 'validation_data'] as const)
    .filter((section) => ![undefined, null, ''].includes(task[section].input_path as null))
    .map((section) => {
      const input = section === 'train_data' ? 'records' : 'validation';
      return `task.${section}.input_path is not read: the stage's input '${input}' says what to train on`;
    });
}
