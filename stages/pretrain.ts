import { z } from 'zod';
import { pretrain } from '../src/bert/pretrain/pretrain.ts';
import { backends, openDevice } from '../src/devices/open-device.ts';
import { defineStage } from '../src/stage/index.ts';
import { parsedValue } from './content.ts';
import { explained } from './explained.ts';
import { publishTraining } from './publish-training.ts';
import { grantedThreads } from './threads.ts';
import { readTrainingConfig, trainingConfig } from './training-config.ts';
import { computeCost, trainingCost } from './training-cost.ts';
import { count, trainingInputs, trainingOutputs, trainingParams } from './training-files.ts';

export default defineStage({
  name: 'pretrain',
  version: 2,
  description: "BERT with masked-LM and next-sentence heads, as TensorFlow Model Garden's bert/pretraining trains it",
  params: z.object({
    steps: trainingParams.steps,
    batch_size: trainingParams.batch_size,
    micro_batch_size: count.optional().describe('The most sequences that go through the model at once'),
    replicas: count
      .default(1)
      .describe('Parts of a batch that are normalised and clipped on their own: 8 on a TPU v3-8'),
    params_override: trainingParams.params_override,
    seed: z.number().int().default(0).describe('Of fresh weights, the order of the data, and dropout'),
    shuffle: z.boolean().default(true).describe('Draw records at random; else in the order of the files'),
    dropout: z.number().min(0).max(1).optional().describe("Replaces the configuration's three rates"),
    backend: z.enum(backends).default('auto').describe('Where to compute'),
    threads: count.optional().describe('Threads of the wasm backend; as many as the cpu granted unless given'),
  }),
  how: ['micro_batch_size', 'backend', 'threads'],
  inputs: trainingInputs,
  outputs: trainingOutputs,
  resume: {
    params: ['steps', 'batch_size', 'replicas', 'params_override', 'seed', 'shuffle', 'dropout'],
    inputs: ['records', 'validation', 'data', 'model', 'init_checkpoint', 'resume'],
  },
  async cost({ params, inputs, ...question }) {
    const values = await Promise.all([inputs.data, inputs.model].map(parsedValue));
    if (values.includes(undefined)) return undefined;
    const config = trainingConfig(values, params);
    const batch = config.trainData.global_batch_size;
    const { work, memory, outputs } = trainingCost(config, {
      atOnce: Math.min(params.micro_batch_size ?? batch, batch / params.replicas),
      validates: Boolean(inputs.validation?.length),
    });
    return { ...computeCost(work, params.backend, question), memory, outputs };
  },
  async run({ params, inputs, outputs, scratch, resources, progress, metric, log, warn, signal }) {
    await explained(async () => {
      const config = await readTrainingConfig([inputs.data, inputs.model], params);
      for (const remark of config.remarks) warn(remark);
      const batchSize = config.trainData.global_batch_size;
      const threads = grantedThreads(params.threads, resources);
      await pretrain({
        device: await openDevice(params.backend, threads),
        config,
        records: inputs.records,
        validation: inputs.validation ?? [],
        ...(inputs.init_checkpoint !== undefined && { initCheckpoint: inputs.init_checkpoint }),
        ...(inputs.resume !== undefined && { resume: inputs.resume }),
        steps: config.trainer.trainSteps,
        batchSize,
        validationBatchSize: config.validationData.global_batch_size,
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
