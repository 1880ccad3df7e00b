import { join } from 'node:path';
import { z } from 'zod';
import { activationBytes, addWork, forwardWork, trainingWork, weightCount } from '../src/bert/model/training-work.ts';
import { backends, openDevice } from '../src/devices/open-device.ts';
import { modelConfig } from '../src/huggingface/config/model-config.ts';
import { runTask } from '../src/jglue/run-task.ts';
import { choiceCount, taskNames, tasks } from '../src/jglue/tasks/task.ts';
import { defineStage, StageError } from '../src/stage/index.ts';
import { parsedValue } from './content.ts';
import { explained } from './explained.ts';
import { grantedThreads } from './threads.ts';
import { computeCost } from './training-cost.ts';

const count = z.number().int().min(1);

export default defineStage({
  name: 'jglue',
  version: 1,
  description: "A model fine-tuned on one of JGLUE's tasks as its README does with transformers 4.9, and evaluated",
  params: z.object({
    task: z.enum(taskNames).describe('Which task'),
    learning_rate: z.number().positive().describe('Of AdamW at its peak: 5e-5, 3e-5 and 2e-5 in the published grid'),
    epochs: count.describe('Times that all training examples are seen: 3 and 4 in the published grid'),
    batch_size: count.default(32).describe('Examples of an update; 64 was used for jcommonsenseqa'),
    max_seq_length: z
      .number()
      .int()
      .min(8)
      .optional()
      .describe('Tokens of an input; by task: 512 marc_ja, 128 jsts and jnli, 384 jsquad, 64 jcommonsenseqa'),
    warmup_ratio: z.number().min(0).max(1).default(0.1).describe('Share of the steps with a rising learning rate'),
    seed: z.number().int().default(42).describe('Of the output layer, the order of the examples, and dropout'),
    shuffle: z.boolean().default(true).describe('Draw a new order for each epoch; else that of the file'),
    dropout: z.number().min(0).max(1).optional().describe("Replaces the rates of the model's config.json"),
    max_train_examples: count.optional().describe('Train on the first so many examples only'),
    save_model: z.boolean().default(false).describe('Keep the fine-tuned model'),
    model_name: z.string().optional().describe('What tables call the model; its shape unless given'),
    backend: z.enum(backends).default('auto').describe('Where to compute'),
    threads: count.optional().describe('Threads of the wasm backend; as many as the cpu granted unless given'),
  }),
  how: ['backend', 'threads'],
  inputs: {
    model: { kind: 'directory', description: 'Hugging Face model directory, made here or downloaded' },
    dictionary: { kind: 'directory', optional: true, description: 'MeCab dictionary that the model was trained with' },
    train: { kind: 'file', description: "Training examples, in JGLUE's format" },
    dev: { kind: 'file', description: 'Examples to evaluate on' },
    test: { kind: 'file', optional: true, description: 'Examples to evaluate on, or without labels to predict' },
    head: { kind: 'file', optional: true, description: 'Weights of the output layer to start from (safetensors)' },
  },
  outputs: {
    metrics: { kind: 'file', description: 'JSON: settings, and metrics on dev and test' },
    predictions: { kind: 'file', description: 'JSON lines, one for each example of dev, then of test' },
    model: { kind: 'directory', description: 'The fine-tuned model with save_model, else empty' },
    log: { kind: 'file', description: 'JSON lines, one for each step and each evaluation' },
  },
  resume: {
    params: [
      'task',
      'learning_rate',
      'epochs',
      'batch_size',
      'max_seq_length',
      'warmup_ratio',
      'seed',
      'shuffle',
      'dropout',
      'max_train_examples',
    ],
    inputs: ['model', 'dictionary', 'train', 'dev', 'head'],
  },
  async cost({ params, inputs, ...question }) {
    const { model, train, dev } = inputs;
    const config = await parsedValue(
      model.path === undefined
        ? (model.below?.('config.json') ?? model)
        : { bytes: 0, path: join(model.path, 'config.json') },
    );
    if (config === undefined) return undefined;
    const { architecture } = modelConfig(config, 'config.json', 'gelu');
    const { published, kind, maxSequenceLength } = tasks[params.task];
    const bytesPerExample = published.trainBytes / published.trainExamples;
    const sequences = (bytes: number, most = Number.POSITIVE_INFINITY) =>
      Math.min(bytes / bytesPerExample, most) * (kind === 'choice' ? choiceCount : 1);
    // Batches are padded to their longest example, and never beyond; that is what is reckoned with.
    const positions = params.max_seq_length ?? maxSequenceLength;
    const atOnce = params.batch_size * (kind === 'choice' ? choiceCount : 1);
    const batch = { sequences: atOnce, positions, predictions: 0 };
    const updates = (params.epochs * sequences(train.bytes, params.max_train_examples)) / atOnce;
    const work = addWork(
      trainingWork(architecture, batch, updates),
      forwardWork(architecture, batch, sequences(dev.bytes) / atOnce),
    );
    const weights = 4 * weightCount(architecture);
    return {
      ...computeCost(work, params.backend, question),
      memory: 500e6 + 5 * weights + activationBytes(architecture, batch),
      scratch: 3 * weights,
      outputs: {
        metrics: { bytes: 1000 },
        predictions: { bytes: dev.bytes },
        model: { bytes: params.save_model ? weights : 0 },
        log: { bytes: 100 * updates },
      },
    };
  },
  async run({ params, inputs, outputs, scratch, resources, progress, metric, log, warn, signal }) {
    const { dictionary } = inputs;
    if (dictionary === undefined) {
      throw new StageError('the model makes words with MeCab: give the input `dictionary` that it was trained with');
    }
    const threads = grantedThreads(params.threads, resources);
    await explained(async () =>
      runTask({
        device: await openDevice(params.backend, threads),
        task: params.task,
        model: inputs.model,
        dictionary,
        train: inputs.train,
        dev: inputs.dev,
        test: inputs.test,
        head: inputs.head,
        learningRate: params.learning_rate,
        epochs: params.epochs,
        batchSize: params.batch_size,
        maxSequenceLength: params.max_seq_length ?? tasks[params.task].maxSequenceLength,
        warmupRatio: params.warmup_ratio,
        seed: params.seed,
        shuffle: params.shuffle,
        dropout: params.dropout,
        maxTrainExamples: params.max_train_examples,
        modelName: params.model_name,
        work: join(scratch, 'training'),
        outputs: { ...outputs, model: params.save_model ? outputs.model : undefined },
        signal,
        progress,
        metric,
        log,
        warn,
      }),
    );
  },
});
