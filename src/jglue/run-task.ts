/** A task from its files to its results: examples, a fine-tuned model, metrics, predictions. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestFile } from '../fetch/digest-file.ts';
import { type Model, openModel } from '../huggingface/open-model.ts';
import { saveModel } from './model/save-model.ts';
import type { Evaluation, Prediction } from './predictions/split.ts';
import { encoderFor, readTaskData, type TaskData, type TaskFiles } from './task-data.ts';
import { type Task, type TaskName, tasks } from './tasks/task.ts';
import { type FineTuned, type FineTuneOptions, fineTune } from './training/fine-tune.ts';
import { startingWeights } from './training/starting-weights.ts';

export interface RunTaskOptions
  extends TaskFiles,
    Pick<
      FineTuneOptions,
      | 'device'
      | 'learningRate'
      | 'epochs'
      | 'batchSize'
      | 'warmupRatio'
      | 'seed'
      | 'shuffle'
      | 'dropout'
      | 'work'
      | 'signal'
      | 'progress'
      | 'metric'
      | 'log'
    > {
  readonly task: TaskName;
  /** The model's directory, and a MeCab dictionary for it. */
  readonly model: string;
  readonly dictionary: string;
  /** Weights of the output layer to start from. */
  readonly head: string | undefined;
  /** What tables call the model. */
  readonly modelName: string | undefined;
  readonly outputs: {
    readonly metrics: string;
    readonly predictions: string;
    readonly log: string;
    /** A directory, where the fine-tuned model is wanted. */
    readonly model: string | undefined;
  };
}

export async function runTask(options: RunTaskOptions): Promise<void> {
  const task = tasks[options.task];
  const model = await openModel(options.model);
  try {
    const encoder = await encoderFor(model, task, options.dictionary, options.maxSequenceLength);
    const data = await readTaskData(task, encoder, options);
    const { valuesOf, fresh } = await startingWeights(model, task.kind, options.head, options.seed);
    if (fresh.length > 0) options.log(`starts fresh: ${fresh.join(', ')}`);
    const tuned = await fineTune({
      ...options,
      ...data,
      config: model.config,
      kind: task.kind,
      classes: data.classes?.length ?? 0,
      valuesOf,
      pad: encoder.pad,
    });
    await publish(options, task, model, data, tuned);
    tuned.dispose();
  } finally {
    model.close();
  }
}

async function publish(
  options: RunTaskOptions,
  task: Task,
  model: Model,
  data: TaskData,
  tuned: FineTuned,
): Promise<void> {
  const { outputs, learningRate, epochs, batchSize, maxSequenceLength, warmupRatio, seed } = options;
  const results = {
    task: task.name,
    model: { name: options.modelName ?? describe(model), weights: await weightsDigest(model) },
    learning_rate: learningRate,
    epochs,
    batch_size: batchSize,
    max_seq_length: maxSequenceLength,
    warmup_ratio: warmupRatio,
    seed,
    ...(options.dropout !== undefined && { dropout: options.dropout }),
    train_examples: data.train.examples,
    steps: tuned.steps,
    dev: { examples: data.dev.examples, ...tuned.dev.metrics },
    ...(data.test && tuned.test && { test: { examples: data.test.examples, ...tuned.test.metrics } }),
  };
  writeFileSync(outputs.metrics, `${JSON.stringify(results, undefined, 2)}\n`);
  const lines = [...linesOf('dev', tuned.dev), ...(tuned.test ? linesOf('test', tuned.test) : [])];
  writeFileSync(outputs.predictions, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  cpSync(join(options.work, 'log.jsonl'), outputs.log);
  if (outputs.model !== undefined) saveModel(outputs.model, model, task, data.classes, tuned);
}

function linesOf(split: string, { predictions }: Evaluation): Prediction[] {
  return predictions.map((prediction) => ({ split, ...prediction }));
}

function describe({ config: { architecture } }: Model): string {
  const { layers, hiddenSize, vocabSize } = architecture;
  return `BERT ${layers} × ${hiddenSize}, vocabulary ${vocabSize}`;
}

/** Tells models of one name apart. */
async function weightsDigest({ weights }: Model): Promise<string> {
  return `sha256:${await digestFile(weights)}`;
}
