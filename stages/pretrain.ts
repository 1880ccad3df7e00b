import { copyFile, link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { type PretrainingConfig, pretrainingConfig } from '../src/bert/config/pretraining-config.ts';
import {
  activationBytes,
  forwardOperations,
  trainingOperations,
  weightCount,
} from '../src/bert/model/training-operations.ts';
import { pretrain } from '../src/bert/pretrain/pretrain.ts';
import { summariesOf } from '../src/bert/pretrain/summaries.ts';
import { readTrainingLog } from '../src/bert/training/training-log.ts';
import { backends, openDevice } from '../src/devices/open-device.ts';
import { type Content, defineStage } from '../src/stage/index.ts';
import { encodeEventFile } from '../src/tensorflow/event-file.ts';
import { parsedValue } from './content.ts';
import { explained } from './explained.ts';
import { grantedThreads } from './threads.ts';
import { computeCost } from './training-cost.ts';

const count = z.number().int().min(1);

export default defineStage({
  name: 'pretrain',
  version: 2,
  description: "BERT with masked-LM and next-sentence heads, as TensorFlow Model Garden's bert/pretraining trains it",
  params: z.object({
    steps: count.optional().describe('Updates in all; replaces train_steps of the configuration and nothing else'),
    batch_size: count.optional().describe('Sequences of an update; replaces global_batch_size'),
    micro_batch_size: count.optional().describe('The most sequences that go through the model at once'),
    replicas: count
      .default(1)
      .describe('Parts of a batch that are normalised and clipped on their own: 8 on a TPU v3-8'),
    params_override: z.string().default('').describe("Model Garden's: section.key=value, separated by commas"),
    seed: z.number().int().default(0).describe('Of fresh weights, the order of the data, and dropout'),
    shuffle: z.boolean().default(true).describe('Draw records at random; else in the order of the files'),
    dropout: z.number().min(0).max(1).optional().describe("Replaces the configuration's three rates"),
    backend: z.enum(backends).default('auto').describe('Where to compute'),
    threads: count.optional().describe('Threads of the wasm backend; as many as the cpu granted unless given'),
  }),
  how: ['micro_batch_size', 'backend', 'threads'],
  inputs: {
    records: { kind: 'any', list: true, description: 'TFRecord files, gzip or not, or directories of them' },
    validation: { kind: 'any', list: true, optional: true, description: 'Records to evaluate on' },
    data: { kind: 'config', description: "Model Garden's data configuration" },
    model: { kind: 'config', description: "Model Garden's model and trainer configuration" },
    init_checkpoint: {
      kind: 'checkpoint',
      optional: true,
      description: 'Weights to continue from, with a fresh optimizer',
    },
    resume: { kind: 'checkpoint', optional: true, description: 'A training to go on with, everything restored' },
  },
  outputs: {
    checkpoint: { kind: 'directory', description: 'Model directory: TF2 checkpoints and params.yaml' },
    log: { kind: 'file', description: 'JSON lines, one for each logged step' },
    summaries: { kind: 'directory', description: 'The same as TensorBoard event files' },
  },
  resume: {
    params: ['steps', 'batch_size', 'replicas', 'params_override', 'seed', 'shuffle', 'dropout'],
    inputs: ['records', 'validation', 'data', 'model', 'init_checkpoint', 'resume'],
  },
  async cost({ params, inputs, ...question }) {
    const values = await Promise.all([inputs.data, inputs.model].map(parsedValue));
    if (values.includes(undefined)) return undefined;
    const config = pretrainingConfig(values, params.params_override);
    const { architecture, trainData, validationData, trainer } = config;
    const steps = params.steps ?? trainer.trainSteps;
    const sequences = params.batch_size ?? trainData.global_batch_size;
    const load = { sequences, positions: trainData.seq_length, predictions: trainData.max_predictions_per_seq };
    const evaluated = inputs.validation?.length ? (trainer.validationSteps ?? 0) : 0;
    const validated = {
      sequences: params.batch_size ?? validationData.global_batch_size,
      positions: validationData.seq_length,
      predictions: validationData.max_predictions_per_seq,
    };
    const operations =
      steps * trainingOperations(architecture, load) +
      Math.floor(steps / trainer.validationInterval) * evaluated * forwardOperations(architecture, validated);
    const atOnce = Math.min(params.micro_batch_size ?? sequences, sequences / params.replicas);
    const weights = 4 * weightCount(architecture);
    // Weights and two moments; the first after the first loop, then by interval, and one at the end.
    const checkpoints = Math.min(trainer.maxToKeep, 2 + Math.floor(steps / trainer.checkpointInterval));
    const bytes = 3 * weights * checkpoints;
    const below = (path: string): Content =>
      path === 'params.yaml' ? { bytes: 3000, value: config.merged as NonNullable<Content['value']> } : { bytes };
    return {
      ...computeCost(operations, params.backend, question),
      // Weights, moments, gradients and their sum, and what the pass backward needs of the pass forward.
      memory: 400e6 + 5 * weights + activationBytes(architecture, { ...load, sequences: atOnce }),
      outputs: {
        checkpoint: { bytes, below },
        log: { bytes: 300 * Math.ceil(steps / trainer.stepsPerLoop) },
        summaries: { bytes: 300 * Math.ceil(steps / trainer.stepsPerLoop) },
      },
    };
  },
  async run({ params, inputs, outputs, scratch, resources, progress, metric, log, warn, signal }) {
    await explained(async () => {
      const config = await mergedConfig([inputs.data, inputs.model], params.params_override);
      for (const remark of config.remarks) warn(remark);
      const batchSize = params.batch_size ?? config.trainData.global_batch_size;
      const threads = grantedThreads(params.threads, resources);
      await pretrain({
        device: await openDevice(params.backend, threads),
        config,
        records: inputs.records,
        validation: inputs.validation ?? [],
        ...(inputs.init_checkpoint !== undefined && { initCheckpoint: inputs.init_checkpoint }),
        ...(inputs.resume !== undefined && { resume: inputs.resume }),
        steps: params.steps ?? config.trainer.trainSteps,
        batchSize,
        validationBatchSize: params.batch_size ?? config.validationData.global_batch_size,
        microBatch: params.micro_batch_size ?? batchSize,
        replicas: params.replicas,
        seed: params.seed,
        shuffle: params.shuffle && config.trainData.is_training,
        ...(params.dropout !== undefined && { dropout: params.dropout }),
        work: scratch,
        signal,
        progress,
        metric,
        log,
        warn,
      });
      await publishTraining(scratch, outputs, config);
    });
  },
});

async function mergedConfig(paths: readonly string[], override: string): Promise<PretrainingConfig> {
  return pretrainingConfig(
    await Promise.all(paths.map(async (path) => parse(await readFile(path, 'utf8')) as unknown)),
    override,
  );
}

/** From the scratch folder, which outlives a kill, to the outputs. */
async function publishTraining(
  work: string,
  outputs: { readonly checkpoint: string; readonly log: string; readonly summaries: string },
  config: PretrainingConfig,
): Promise<void> {
  const modelDirectory = join(work, 'model_dir');
  for (const name of await readdir(modelDirectory)) {
    await linkOrCopy(join(modelDirectory, name), join(outputs.checkpoint, name));
  }
  await writeFile(join(outputs.checkpoint, 'params.yaml'), stringify(config.merged));
  await copyFile(join(work, 'log.jsonl'), outputs.log);
  const { train, validation } = summariesOf(readTrainingLog(outputs.log));
  for (const [folder, events] of Object.entries({ train, validation })) {
    if (events.length === 0) continue;
    await mkdir(join(outputs.summaries, folder), { recursive: true });
    await writeFile(join(outputs.summaries, folder, 'events.out.tfevents.0.kumiki'), encodeEventFile(events));
  }
}

/** A checkpoint's files are never changed, only replaced; several of a large model take their room once. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to);
  }
}
