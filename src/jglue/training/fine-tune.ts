/** Fine-tuning: epochs over the training examples, an evaluation on dev behind each, and at the end on dev and test. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { dropoutSeed } from '../../bert/model/dropout.ts';
import type { Variable } from '../../bert/model/variables.ts';
import { createMoments } from '../../bert/training/moments.ts';
import { openTrainingLog } from '../../bert/training/training-log.ts';
import type { Device } from '../../devices/device.ts';
import type { BertConfig } from '../../huggingface/config/bert-config.ts';
import { JglueError } from '../jglue-error.ts';
import { maskedScore } from '../model/task-model.ts';
import { createTaskWeights, outputsOf, taskVariables } from '../model/task-weights.ts';
import type { Evaluation, Split } from '../predictions/split.ts';
import { type BatchPlan, type BatchPlanOptions, planBatches } from './batch-plan.ts';
import { createFineTuningStep, type FineTuningStep } from './fine-tuning-step.ts';
import { linearSchedule, rateInStep } from './linear-schedule.ts';
import { openState, saveState } from './training-state.ts';

export interface FineTuneOptions extends BatchPlanOptions {
  readonly device: Device;
  readonly config: BertConfig;
  /** Classes of a classification. */
  readonly classes: number;
  /** Numbers of each weight to start from. */
  valuesOf(variable: Variable): Float32Array;
  readonly learningRate: number;
  readonly warmupRatio: number;
  /** Replaces the model's rates. */
  readonly dropout: number | undefined;
  /** Where unfinished work and `log.jsonl` lie. */
  readonly work: string;
  /** Milliseconds between saved states, beside those at the end of each epoch. */
  readonly saveInterval?: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit: string): void;
  metric(name: string, value: number, step: number): void;
  log(line: string): void;
}

export interface FineTuned {
  readonly steps: number;
  readonly dev: Evaluation;
  readonly test: Evaluation | undefined;
  /** What was trained, with its numbers, row-major. */
  readonly variables: readonly Variable[];
  read(variable: number): Float32Array;
  dispose(): void;
}

/** Trains to the last epoch; interrupted, it can be called again and goes on from its last saved state. */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const { kind, dev, test, epochs, seed, signal } = options;
  mkdirSync(options.work, { recursive: true });
  const variables = taskVariables(options.config.architecture, kind, outputsOf(kind, options.classes));
  const plan = planBatches(options);
  const { perEpoch } = plan;
  const total = epochs * perEpoch;
  const schedule = linearSchedule(options.learningRate, total, options.warmupRatio);
  const { step, startedAt } = startStep(options, plan, variables);
  const log = openTrainingLog(join(options.work, 'log.jsonl'), startedAt);
  const save = async (done: number) => saveState(options.work, done, variables, await step.snapshot());
  let done = startedAt;
  let savedAt = Date.now();
  let evaluation: Evaluation | undefined;
  try {
    for (let epoch = Math.floor(done / perEpoch); epoch < epochs; epoch++) {
      for (const batch of plan.training(epoch, done - epoch * perEpoch)) {
        const rate = rateInStep(schedule, done + 1);
        const { loss, gradientNorm } = await step.train(batch, rate, done + 1, dropoutSeed(seed, done));
        done++;
        if (!Number.isFinite(loss)) throw diverged(loss, done);
        log.write({ step: done, loss, learning_rate: rate, grad_norm: gradientNorm, epoch });
        options.progress(done, total, 'steps');
        options.metric('loss', loss, done);
        // Lets a stop signal in.
        await new Promise(setImmediate);
        if (done === (epoch + 1) * perEpoch) break;
        if (signal.aborted || Date.now() - savedAt >= (options.saveInterval ?? 60_000)) {
          await save(done);
          savedAt = Date.now();
        }
        if (signal.aborted) throw stopped(done, total);
      }
      if (kind !== 'span' || epoch === epochs - 1) {
        evaluation = await evaluate(plan, step, dev);
        const named = Object.entries(evaluation.metrics ?? {}).map(([name, value]) => [`eval_${name}`, value] as const);
        log.write({ step: done, epoch, ...Object.fromEntries(named) });
        tellEvaluation(options, epoch, done, named);
      }
      // Behind the evaluation, so that its line is never missing; the last one is not needed.
      if (epoch < epochs - 1) {
        await save(done);
        savedAt = Date.now();
        if (signal.aborted) throw stopped(done, total);
      }
    }
  } catch (error) {
    step.dispose();
    throw error;
  } finally {
    log.close();
  }
  evaluation ??= await evaluate(plan, step, dev);
  const onTest = test && (await evaluate(plan, step, test));
  const numbers = await step.snapshot();
  return {
    steps: total,
    dev: evaluation,
    test: onTest,
    variables,
    read: (variable) => numbers(variable, 'weight'),
    dispose: () => step.dispose(),
  };
}

function startStep(
  options: FineTuneOptions,
  plan: BatchPlan,
  variables: readonly Variable[],
): { readonly step: FineTuningStep; readonly startedAt: number } {
  const { device, config, kind, dropout } = options;
  const state = openState(options.work);
  const weights = createTaskWeights(device, variables, config.architecture, (variable) =>
    state === undefined ? options.valuesOf(variable) : state.read(variable, 'weight'),
  );
  const from = state && { moment: (variable: Variable, which: 'm' | 'v') => state.read(variable, which) };
  const moments = createMoments(device, weights, from);
  state?.close();
  const hidden = dropout ?? config.dropout.hidden;
  const step = createFineTuningStep(device, weights, moments, {
    kind,
    gelu: config.gelu,
    heads: config.architecture.heads,
    dropoutRate: hidden,
    attentionDropoutRate: dropout ?? config.dropout.attention,
    attentionOutputDropoutRate: hidden,
    maskedScore,
    frozenToken: config.padTokenId,
    batchSize: options.batchSize,
    trainingLengths: plan.trainingLengths,
    predictionLengths: plan.predictionLengths,
    traced: device.kind === 'tensorflow',
  });
  const how = state === undefined ? 'starts' : `goes on from step ${state.step}`;
  options.log(`${how}; ${device.name}${step.operations > 0 ? `, ${step.operations} operations traced` : ''}`);
  return { step, startedAt: state?.step ?? 0 };
}

async function evaluate(plan: BatchPlan, step: FineTuningStep, split: Split): Promise<Evaluation> {
  const logits: Float32Array[][] = [];
  for (const batch of plan.prediction(split)) logits.push(...(await step.predict(batch)));
  if (logits.some((groups) => groups.some((group) => group.some((value) => !Number.isFinite(value))))) {
    throw new JglueError('the model answers with numbers that are not finite: a lower learning rate may help');
  }
  return split.evaluate(logits);
}

/** A metric that is not defined, such as a correlation with a constant, is no number to draw a curve of. */
function tellEvaluation(
  { epochs, metric, log }: FineTuneOptions,
  epoch: number,
  step: number,
  named: readonly (readonly [name: string, value: number])[],
): void {
  for (const [name, value] of named) if (!Number.isNaN(value)) metric(name, value, step);
  const values = named.map(([name, value]) => `${name} ${Number.isNaN(value) ? 'undefined' : value.toFixed(4)}`);
  log(`epoch ${epoch + 1} of ${epochs}: ${values.join(', ')}`);
}

function stopped(step: number, total: number): JglueError {
  return new JglueError(`stopped at step ${step} of ${total}: run again to go on from there`);
}

function diverged(loss: number, step: number): JglueError {
  return new JglueError(`the loss is ${loss} at step ${step}: a lower learning rate may help`);
}
