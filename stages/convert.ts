import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { weightCount } from '../src/bert/model/training-work.ts';
import { hiddenActs, modelConfig } from '../src/huggingface/config/model-config.ts';
import { convertCheckpoint } from '../src/huggingface/convert/convert-checkpoint.ts';
import { weightFormats } from '../src/huggingface/convert/convert-weights.ts';
import { type Evaluation, publishedCard } from '../src/huggingface/model-card/published-card.ts';
import { taskNames, tasks } from '../src/jglue/tasks/task.ts';
import { type Content, defineStage, type MadeResult } from '../src/stage/index.ts';
import { parsedValue } from './content.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';
import { grantedThreads, threads } from './threads.ts';

export default defineStage({
  name: 'convert',
  version: 1,
  description: 'From a checkpoint to a Hugging Face model directory with a model card',
  params: z.object({
    formats: z
      .array(z.enum(weightFormats))
      .min(1)
      .default([...weightFormats])
      .describe('Weight files to write'),
    hidden_act: z
      .enum(hiddenActs)
      .default('gelu')
      .describe('What config.json says: gelu as the published models do, gelu_new as Model Garden computes'),
    threads,
  }),
  how: ['threads'],
  inputs: {
    checkpoint: { kind: 'checkpoint', description: 'Model directory, or prefix of a checkpoint' },
    model: { kind: 'config', description: "Model Garden's model configuration, or a BERT config.json" },
    vocab: { kind: 'file', description: 'vocab.txt' },
    tokenizer_config: { kind: 'config', description: 'What tokenizer_config.json shall hold' },
    params: {
      kind: 'config',
      optional: true,
      description: "The training's params.yaml, for the model card; else it tells what 'model' says",
    },
  },
  outputs: { model: { kind: 'directory', description: 'Model directory' } },
  async cost({ params, inputs, rate }) {
    const value = await parsedValue(inputs.model);
    if (value === undefined) return undefined;
    const { architecture, json } = modelConfig(value, 'model', params.hidden_act);
    const weights = 4 * weightCount(architecture);
    const bytes = params.formats.length * weights;
    const below = (path: string): Content | undefined =>
      path === 'config.json' ? { bytes: 700, value: json as NonNullable<Content['value']> } : undefined;
    return {
      // Four times the rate of copies: all of base in four formats, 2.2 GB, takes 1.35 s of processor where 480 MB/s are copied.
      cpuSeconds: 0.3 + (weights + bytes) / (4 * rate(rates.copy)),
      // A piece of a weight and a kernel with a band of it for each thread; measured 164e6 for base, 179e6 for large.
      memory: 200e6,
      outputs: { model: { bytes: bytes + inputs.vocab.bytes, below } },
    };
  },
  async run({ params, inputs, outputs, resources, progress, log, warn, signal }) {
    await explained(() =>
      convertCheckpoint({
        checkpoint: inputs.checkpoint,
        model: inputs.model,
        tokenizerConfig: inputs.tokenizer_config,
        params: inputs.params,
        vocabulary: inputs.vocab,
        formats: params.formats,
        hiddenAct: params.hidden_act,
        output: outputs.model,
        threads: grantedThreads(params.threads, resources),
        progress: (done, total) => progress(done, total, 'tensors'),
        log,
        warn,
        signal,
      }),
    );
  },
  async completeCopy({ directory, made, uses, provenance }) {
    const card = await readFile(join(directory, 'README.md'), 'utf8');
    const evaluations = await Promise.all(uses.filter(({ stage }) => stage === 'jglue').map(readEvaluation));
    const stated = evaluations.flatMap((evaluation) => evaluation ?? []);
    const title = /^# (.+)$/m.exec(card)?.[1] ?? 'BERT';
    return {
      'README.md': publishedCard(card, title, made, stated.sort(byTask)),
      'provenance.json': `${JSON.stringify(provenance, null, 2)}\n`,
    };
  },
});

/** In the order of JGLUE's own tables. */
function byTask(a: Evaluation, b: Evaluation): number {
  const titles = taskNames.map((name) => tasks[name].title);
  return titles.indexOf(a.task) - titles.indexOf(b.task);
}

const metricsSchema = z.object({
  task: z.enum(taskNames),
  learning_rate: z.number(),
  epochs: z.number(),
  dev: z.record(z.string(), z.unknown()),
});

/** What `jglue` wrote, by the metrics that the task is published with; undefined where it is no longer there, or says nothing. */
async function readEvaluation({ outputs }: MadeResult): Promise<Evaluation | undefined> {
  const text = await readFile(outputs.metrics?.path ?? '', 'utf8').catch(() => undefined);
  const metrics = text === undefined ? undefined : metricsSchema.safeParse(JSON.parse(text)).data;
  if (metrics === undefined) return undefined;
  const { task, learning_rate: learningRate, epochs, dev } = metrics;
  const published = tasks[task].metrics.map((name) => [name, dev[name]] as const);
  const numbers = published.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  // A correlation with a constant is not defined.
  if (numbers.length === 0) return undefined;
  const { title, kind } = tasks[task];
  return { task: title, kind, learningRate, epochs, metrics: Object.fromEntries(numbers) };
}
