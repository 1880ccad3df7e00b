/**
 * Pretraining: batches in, checkpoints out. The loop is Model Garden's: `steps_per_loop` updates, one line of means, a checkpoint when
 * it is due, an evaluation when it is due. Unfinished work lies in a folder of its own, and goes on from its last checkpoint.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../../devices/device.ts';
import { type Batch, type DataPosition, readBatches, recordShape } from '../../pretraining/records/read-batches.ts';
import { dropoutSeed } from '../model/dropout.ts';
import { modelVariables, type Variable } from '../model/variables.ts';
import { createWeights } from '../model/weights.ts';
import { type Checkpoint, checkpointPrefix, listedCheckpoints, openCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { PretrainingConfig } from './config.ts';
import { readPosition, writePosition } from './data-position.ts';
import { initialWeights } from './initial-weights.ts';
import { meansOf } from './means.ts';
import { createMoments } from './moments.ts';
import { learningRate, ratesOf } from './optimizer.ts';
import { openTrainingLog } from './training-log.ts';
import { createTrainingStep, type PartSums, type TrainingStep } from './training-step.ts';

export interface PretrainOptions {
  readonly device: Device;
  readonly config: PretrainingConfig;
  readonly records: readonly string[];
  readonly validation: readonly string[];
  /** Weights to continue from: encoder, masked-LM head and pooler. Optimizer, step and next-sentence output start anew. */
  readonly initCheckpoint?: string;
  /** A model directory or prefix to go on from with everything restored. */
  readonly resume?: string;
  readonly steps: number;
  readonly batchSize: number;
  /** The most sequences that go through the model at once. */
  readonly microBatch: number;
  readonly replicas: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Replaces the configuration's three rates. */
  readonly dropout?: number;
  /** Where unfinished work lies: `model_dir` and `log.jsonl`. */
  readonly work: string;
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit: string): void;
  metric(name: string, value: number, step: number): void;
  log(line: string): void;
}

/** A training that cannot start or go on: the message says why and what to do. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}

/** Trains to the last step. Leaves `model_dir` and `log.jsonl` in the work folder; interrupted, it can be called again. */
export async function pretrain(options: PretrainOptions): Promise<void> {
  const { device, config, seed, steps, signal } = options;
  const { trainer } = config;
  const modelDirectory = join(options.work, 'model_dir');
  mkdirSync(modelDirectory, { recursive: true });
  const start = startingPoint(options, modelDirectory);
  const shape = await checkedShape(options);
  const log = openTrainingLog(join(options.work, 'log.jsonl'), start.step);
  const step = createStep(options, start, shape);
  const untrained = untrainedWeights(config, start, seed);
  start.checkpoint?.close();
  options.log(`${start.how}; ${device.name}${step.operations > 0 ? `, ${step.operations} operations traced` : ''}`);

  let done = start.step;
  let saves = start.checkpoint?.saves ?? 0;
  let lastSaved = start.step > 0 ? start.step : undefined;
  let position = start.position;
  const save = () => {
    if (lastSaved === done) return;
    saves++;
    // The position first: a checkpoint that is named as the latest must have it.
    writePosition(join(modelDirectory, `ckpt-${done}`), position);
    const state = { step: done, saves, ...readers(step, config, untrained) };
    const prefix = saveCheckpoint(modelDirectory, config.architecture, config.optimizer, state, trainer.maxToKeep);
    lastSaved = done;
    options.log(`step ${done}: wrote ${prefix.slice(options.work.length + 1)}`);
  };

  try {
    const loop: PartSums[][] = [];
    for await (const batch of batches(options, position)) {
      if (done >= steps) break;
      checkIds(batch, config.architecture.vocabSize, options.records);
      const parts = step.run(batch, ratesOf(config.schedule, config.optimizer, done + 1), dropoutSeed(seed, done));
      done++;
      position = batch.position;
      loop.push([...parts]);
      const now = meansOf([parts]);
      if (!Number.isFinite(now.training_loss)) throw diverged(done, now.training_loss, modelDirectory);
      options.progress(done, steps, 'steps');
      options.metric('loss', now.training_loss, done);

      const loopEnds = done % trainer.stepsPerLoop === 0 || done === steps;
      if (loopEnds) {
        const line = { step: done, ...meansOf(loop), learning_rate: learningRate(config.schedule, done) };
        log.write(line);
        for (const [name, value] of Object.entries(line)) if (name !== 'step') options.metric(name, value, done);
        loop.length = 0;
        if (options.validation.length > 0 && isDue(done, steps, trainer.validationInterval)) {
          log.write({ step: done, ...(await evaluation(options, step)) });
        }
        if (lastSaved === undefined || done - lastSaved >= trainer.checkpointInterval || done === steps) save();
      }
      if (signal.aborted && done < steps) {
        save();
        throw new TrainingError(
          `stopped at step ${done} of ${steps}, with a checkpoint: run again to go on from there`,
        );
      }
    }
  } finally {
    step.dispose();
    log.close();
  }
}

interface StartingPoint {
  readonly step: number;
  readonly position: DataPosition | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** For the log. */
  readonly how: string;
  /** Moments and step are restored too. */
  readonly whole: boolean;
}

/** Unfinished work first, then a training to resume, then weights to start from, then fresh ones. */
function startingPoint({ initCheckpoint, resume }: PretrainOptions, modelDirectory: string): StartingPoint {
  const unfinished = listedCheckpoints(modelDirectory).length > 0 ? modelDirectory : undefined;
  const whole = unfinished ?? resume;
  if (whole !== undefined) {
    const checkpoint = openCheckpoint(whole);
    const position = readPosition(checkpoint.prefix);
    const data = position === undefined ? ', with the data from its beginning' : '';
    return {
      step: checkpoint.step,
      position,
      checkpoint,
      how: `goes on from step ${checkpoint.step}${data}`,
      whole: true,
    };
  }
  if (initCheckpoint === undefined || initCheckpoint === '') {
    return { step: 0, position: undefined, checkpoint: undefined, how: 'starts from fresh weights', whole: false };
  }
  const checkpoint = openCheckpoint(initCheckpoint);
  const how = `starts from the weights of ${checkpointPrefix(initCheckpoint).split('/').at(-1)}, with a fresh optimizer`;
  return { step: 0, position: undefined, checkpoint, how, whole: false };
}

/** Variables that a continuation takes from the checkpoint; Model Garden starts the next-sentence output anew. */
const isContinued = ({ key }: Variable) => !key.startsWith('model/classification_heads/');

function createStep(
  { device, config, batchSize, replicas, microBatch, dropout, seed }: PretrainOptions,
  { checkpoint, whole }: Pick<StartingPoint, 'checkpoint' | 'whole'>,
  { tokens, masks }: RecordShape,
): TrainingStep {
  const { architecture } = config;
  const weights = createWeights(device, architecture, (variable) =>
    checkpoint !== undefined && (whole || isContinued(variable))
      ? checkpoint.weight(variable)
      : initialWeights(variable, architecture.initializerRange, seed),
  );
  const moments = createMoments(device, weights, whole ? checkpoint : undefined);
  return createTrainingStep(device, weights, moments, {
    heads: architecture.heads,
    dropoutRate: dropout ?? config.dropout.hidden,
    attentionDropoutRate: dropout ?? config.dropout.attention,
    headDropoutRate: dropout ?? config.dropout.head,
    maskedScore: -1e9,
    gelu: config.gelu,
    optimizer: config.optimizer,
    batchSize,
    replicas,
    microBatch: largestDivisor(batchSize / replicas, microBatch),
    positions: tokens,
    predictions: masks,
    traced: device.kind === 'tensorflow',
  });
}

/** The largest divisor of `size` that is not above `limit`: micro-batches are all of one size, that of the trace. */
function largestDivisor(size: number, limit: number): number {
  let divisor = Math.min(size, limit);
  while (size % divisor !== 0) divisor--;
  return divisor;
}

interface RecordShape {
  readonly tokens: number;
  readonly masks: number;
}

/** The records' shape, held against the configuration and the options. */
async function checkedShape({
  config,
  records,
  validation,
  batchSize,
  replicas,
}: PretrainOptions): Promise<RecordShape> {
  const shape = await recordShape(records);
  const { maxPositions } = config.architecture;
  const { seq_length, max_predictions_per_seq } = config.trainData;
  if (shape.tokens > maxPositions) {
    throw new TrainingError(
      `the records have ${shape.tokens} tokens, the model has max_position_embeddings ${maxPositions}`,
    );
  }
  if (shape.tokens !== seq_length || shape.masks !== max_predictions_per_seq) {
    throw new TrainingError(
      `the records have ${shape.tokens} tokens and ${shape.masks} predictions, the data configuration says seq_length ${seq_length} ` +
        `and max_predictions_per_seq ${max_predictions_per_seq}: make one like the other`,
    );
  }
  if (batchSize % replicas !== 0)
    throw new TrainingError(`a batch of ${batchSize} cannot be cut into ${replicas} equal replicas`);
  if (validation.length > 0) {
    const other = await recordShape(validation);
    if (other.tokens !== shape.tokens || other.masks !== shape.masks) {
      throw new TrainingError(
        'the validation records have another shape than the training records: make both with the same lengths',
      );
    }
  }
  return shape;
}

/** Ids outside the vocabulary would read other rows, or end the process. */
function checkIds(batch: Batch, vocabSize: number, records: readonly string[]): void {
  for (const ids of [batch.inputWordIds, batch.maskedIds]) {
    for (const id of ids) {
      if (id >= vocabSize) {
        throw new TrainingError(
          `${records[0]} holds the token id ${id}, but the model has vocab_size ${vocabSize}: it was made with another vocabulary`,
        );
      }
    }
  }
}

/** Records that the shuffle draws from; Model Garden's default is 100 and reads 8 files at once, ours draws from more. */
const shuffleBuffer = 10_000;

function batches({ records, batchSize, seed, shuffle }: PretrainOptions, from: DataPosition | undefined) {
  return readBatches(records, {
    batchSize,
    seed,
    shuffleBuffer: shuffle ? shuffleBuffer : 0,
    epochs: Infinity,
    ...(from && { from }),
  });
}

async function evaluation(
  { config, validation, seed, batchSize }: PretrainOptions,
  step: TrainingStep,
): Promise<Record<string, number>> {
  const most = config.trainer.validationSteps > 0 ? config.trainer.validationSteps : Infinity;
  const measured: PartSums[][] = [];
  const size = config.validationData?.global_batch_size ?? batchSize;
  for await (const batch of readBatches(validation, {
    batchSize: Math.min(size, batchSize),
    seed,
    shuffleBuffer: 0,
    epochs: 1,
  })) {
    measured.push([step.evaluate(batch)]);
    if (measured.length >= most) break;
  }
  const means = meansOf(measured);
  return Object.fromEntries(Object.entries(means).map(([name, value]) => [`validation_${name}`, value]));
}

/** The pooler that Model Garden's encoder carries along: kept as it was. */
function untrainedWeights(
  { architecture }: PretrainingConfig,
  { checkpoint }: StartingPoint,
  seed: number,
): ReadonlyMap<string, Float32Array> {
  const untrained = modelVariables(architecture).filter((variable) => !variable.trained);
  return new Map(
    untrained.map((variable) => [
      variable.key,
      checkpoint?.has(variable)
        ? checkpoint.weight(variable)
        : initialWeights(variable, architecture.initializerRange, seed),
    ]),
  );
}

/** What the checkpoint's writer reads, one variable at a time. */
function readers(
  step: TrainingStep,
  { architecture }: PretrainingConfig,
  untrained: ReadonlyMap<string, Float32Array>,
) {
  const trained = modelVariables(architecture).filter((variable) => variable.trained);
  const index = new Map(trained.map((variable, i) => [variable.key, i]));
  return {
    weight: ({ key }: Variable) => untrained.get(key) ?? step.read(index.get(key)!, 'weight'),
    moment: ({ key }: Variable, which: 'm' | 'v') => step.read(index.get(key)!, which),
  };
}

const isDue = (done: number, steps: number, interval: number) => done % interval === 0 || done === steps;

function diverged(step: number, loss: number, modelDirectory: string): TrainingError {
  const last = listedCheckpoints(modelDirectory).at(-1);
  const rest =
    last === undefined ? 'there is no checkpoint yet' : `the last good checkpoint is ${join(modelDirectory, last)}`;
  return new TrainingError(
    `the loss is ${loss} at step ${step}; ${rest}. A lower learning rate or a longer warm-up may help`,
  );
}
