import { z } from 'zod';
import { trainOnTpu } from '../src/cloud-tpu/train-on-tpu.ts';
import { modelGardenPython } from '../src/model-garden/python-environment.ts';
import { trainLocally } from '../src/model-garden/train-locally.ts';
import { parsePlace } from '../src/objects/object-url.ts';
import { openBucket } from '../src/objects/open-bucket.ts';
import { defineStage, type GcsAccess, StageError } from '../src/stage/index.ts';
import { parsedValue, totalBytes } from './content.ts';
import { explained } from './explained.ts';
import { publishTraining } from './publish-training.ts';
import { ratesOfDevice } from './rates.ts';
import { readTrainingConfig, trainingConfig } from './training-config.ts';
import { computeCost, trainingCost } from './training-cost.ts';
import { trainingInputs, trainingOutputs, trainingParams } from './training-files.ts';

const stage = defineStage({
  name: 'pretrain-model-garden',
  version: 1,
  description: "TensorFlow Model Garden's own trainer, release 2.11: here, in a job of Slurm, or on a Cloud TPU",
  params: z
    .object({
      ...trainingParams,
      runtime: z
        .enum(['local', 'slurm', 'tpu-vm'])
        .default('local')
        .describe('Where to train; slurm is local for a stage with executor: slurm, on the GPUs that it was granted'),
      python: z.string().min(1).optional().describe('Python with tf-models-official; else an environment is made once'),
      zone: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .optional()
        .describe('tpu-vm: zone of Google Cloud, or several in order of preference'),
      accelerator_type: z.string().min(1).default('v3-8').describe('tpu-vm: the TPU'),
      version: z.string().min(1).default('tpu-vm-tf-2.11.0').describe("tpu-vm: the VM's runtime"),
      bucket: z.string().min(1).optional().describe('tpu-vm: gs://bucket/prefix for records and the model directory'),
      project: z.string().min(1).optional().describe("tpu-vm: project of Google Cloud; else gcloud's own"),
      spot: z.boolean().default(false).describe('tpu-vm: cheaper, and may be preempted at any time'),
      queued: z.boolean().default(false).describe('tpu-vm: wait in line for capacity, as a queued resource'),
      keep: z.boolean().default(false).describe('tpu-vm: asked to stop, leave the VM training; the next run finds it'),
      models: z.string().min(1).default('/usr/share/tpu/models').describe("tpu-vm: folder there with 'official'"),
      poll: z.number().positive().default(30).describe('tpu-vm: seconds between looks at it'),
    })
    .refine(({ runtime, zone, bucket }) => runtime !== 'tpu-vm' || (zone !== undefined && bucket !== undefined), {
      message: "runtime tpu-vm needs 'zone', such as europe-west4-a, and 'bucket', such as gs://bucket/prefix",
    }),
  how: [
    ...(['runtime', 'python', 'zone', 'accelerator_type', 'version', 'bucket', 'project'] as const),
    ...(['spot', 'queued', 'keep', 'models', 'poll'] as const),
  ],
  inputs: trainingInputs,
  outputs: trainingOutputs,
  resume: {
    params: ['steps', 'batch_size', 'params_override'],
    inputs: ['records', 'validation', 'data', 'model', 'init_checkpoint', 'resume'],
  },
  async cost({ params, inputs, ...question }) {
    const values = await Promise.all([inputs.data, inputs.model].map(parsedValue));
    if (values.includes(undefined)) return undefined;
    const config = trainingConfig(values, params);
    const { work, memory, outputs } = trainingCost(config, {
      atOnce: config.trainData.global_batch_size,
      validates: Boolean(inputs.validation?.length),
    });
    if (params.runtime === 'tpu-vm') {
      const device = question.device ?? `tpu-${params.accelerator_type}`;
      if (ratesOfDevice(device) === undefined) return undefined;
      return { ...computeCost(work, 'auto', { ...question, device }), memory: 400e6, outputs };
    }
    const backend = gpusIn(question.resources) > 0 ? 'tensorflow-gpu' : 'tensorflow';
    // Records that are compressed are unpacked, to about five times their size.
    return { ...computeCost(work, backend, question), memory, scratch: 5 * totalBytes(inputs.records), outputs };
  },
  rents: ({ runtime, accelerator_type, spot }) => (runtime === 'tpu-vm' ? { tpu: accelerator_type, spot } : undefined),
  async run({ params, inputs, outputs, scratch, resources, progress, metric, log, warn, holds, signal, gcs }) {
    await explained(async () => {
      const config = await readTrainingConfig([inputs.data, inputs.model], params);
      for (const remark of config.remarks) warn(remark);
      const training = {
        configs: [inputs.data, inputs.model],
        paramsOverride: params.params_override,
        steps: params.steps,
        batchSize: params.batch_size,
        totalSteps: config.trainer.trainSteps,
        records: inputs.records,
        validation: inputs.validation ?? [],
        initCheckpoint: inputs.init_checkpoint,
        resume: inputs.resume,
        work: scratch,
        signal,
        progress,
        metric,
        log,
      };
      if (params.runtime === 'tpu-vm') {
        await trainOnTpu({ ...training, warn, holds, ...(await tpuOptions(params, gcs)) });
        await publishTraining(scratch, outputs, config);
        return;
      }
      const gpus = gpusIn(resources);
      const python = await modelGardenPython({
        python: params.python,
        processor: gpus > 0 ? 'gpu' : 'cpu',
        signal,
        log,
        warn,
      });
      const distribution = { strategy: gpus > 0 ? 'mirrored' : 'one_device', gpus } as const;
      await trainLocally({ ...training, python, distribution });
      await publishTraining(scratch, outputs, config);
    });
  },
});

async function tpuOptions(params: z.output<typeof stage.params>, gcs: GcsAccess) {
  const { zone, bucket } = params;
  const place = parsePlace(bucket!, process.cwd());
  if (typeof place === 'string') throw new StageError(`bucket: ${place}`);
  return {
    bucket: await openBucket(place, gcs),
    zones: [zone!].flat(),
    project: params.project,
    acceleratorType: params.accelerator_type,
    version: params.version,
    spot: params.spot,
    queued: params.queued,
    keep: params.keep,
    models: params.models,
    pollMs: 1000 * params.poll,
  };
}

/** GPUs that the scheduler granted, by either of the names that a workflow may give their pool. */
function gpusIn({ gpu, gpus }: Readonly<Record<string, number>>): number {
  return Math.floor(gpu ?? gpus ?? 0);
}

export default stage;
