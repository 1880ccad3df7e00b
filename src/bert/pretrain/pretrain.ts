/**
 * Pretraining: batches in, checkpoints out. The loop is Model Garden's: `steps_per_loop` updates, one line of means, a checkpoint when
 * it is due, an evaluation when it is due. Unfinished work lies in a folder of its own, and goes on from its last checkpoint.
 */
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Device } from '../../devices/device.ts';
import { type DataPosition, readBatches } from '../../pretraining/records/read-batches.ts';
import type { PretrainingConfig } from '../config/pretraining-config.ts';
import { dropoutSeed } from '../model/dropout.ts';
import { TrainingError } from '../progress/error.ts';
import { startingPoint } from '../progress/starting-point.ts';
import { writePosition } from '../progress/training-position.ts';
import { openWorkFolder } from '../progress/work-folder.ts';
import { saveCheckpoint } from '../training/checkpoint.ts';
import { type Means, meansOf, noSums, withParts } from '../training/means.ts';
import { learningRate, ratesOf } from '../training/optimizer.ts';
import { openTrainingLog } from '../training/training-log.ts';
import { checkedShape } from './checked-shape.ts';
import { evaluate, type Validation } from './evaluation.ts';
import { watchHealth } from './health.ts';
import { createPace } from './pace.ts';
import { createStep, stateReader } from './training-state.ts';

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
  readonly validationBatchSize: number;
  /** The most sequences that go through the model at once. */
  readonly microBatch: number;
  readonly replicas: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Replaces the configuration's three rates. */
  readonly dropout?: number;
  /** Where unfinished work lies: `model_dir`, `log.jsonl`, and what a stopped training left. */
  readonly work: string;
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit: string): void;
  metric(name: string, value: number, step: number): void;
  log(line: string): void;
  warn(line: string): void;
}

/** Trains to the last step. Leaves `model_dir` and `log.jsonl` in the work folder; interrupted, it can be called again. */
export async function pretrain(options: PretrainOptions): Promise<void> {
  const { config, seed, steps, signal, batchSize, validation } = options;
  const { trainer, architecture } = config;
  const work = openWorkFolder(options.work);
  const shape = await checkedShape(options);
  const start = startingPoint(options, work);
  const log = openTrainingLog(work.log, start.step);
  const health = watchHealth(work.modelDirectory, architecture.vocabSize, trainer.lossUpperBound);
  const step = createStep(options, start, shape);
  const stateAfter = stateReader(step, options, start, health);
  start.checkpoint?.close();
  const traced = step.operations > 0 ? `, ${step.operations} operations traced` : '';
  options.log(`${start.how}; ${options.device.name}${traced}, ${step.microBatch} sequences at once`);

  let done = start.step;
  let position = start.position;
  let loop = start.position?.loop ?? noSums;
  let lastSaved = start.lastSaved;
  let saves = start.whole ? (start.checkpoint?.saves ?? 0) : 0;
  const pace = createPace(batchSize * shape.tokens);

  const save = async (directory: string, maxToKeep: number) => {
    const state = await stateAfter(done, saves);
    // The log and the position first: a checkpoint that is named as the latest must have them.
    log.sync();
    if (position !== undefined) writePosition(join(directory, `ckpt-${done}`), { ...position, loop });
    saveCheckpoint(directory, architecture, config.optimizer, state, maxToKeep);
    options.log(`step ${done}: wrote ${basename(directory)}/ckpt-${done}`);
  };
  const validates = (at: number) => validation.length > 0 && (at % trainer.validationInterval === 0 || at === steps);
  const endsLoop = (at: number) => at % trainer.stepsPerLoop === 0 || at === steps || validates(at);
  /** One line of means, an evaluation and a checkpoint when they are due. */
  const closeLoop = async () => {
    const means = meansOf(loop);
    const line = { step: done, ...means, learning_rate: learningRate(config.schedule, done) };
    const validated = validates(done) ? await evaluate(step, validationOf(options), signal) : undefined;
    log.write(line);
    if (validated !== undefined) log.write({ step: done, ...validated });
    for (const [name, value] of Object.entries({ ...line, ...validated })) {
      if (name !== 'step') options.metric(name, value, done);
    }
    options.log(loopText(line, validated, pace.overall()));
    loop = noSums;
    if (lastSaved === undefined || done - lastSaved >= trainer.checkpointInterval || done === steps) {
      saves++;
      await save(work.modelDirectory, trainer.maxToKeep);
      lastSaved = done;
    }
    pace.restart();
  };

  try {
    // A training that was stopped in the evaluation at a loop's end takes it up again there.
    if (loop.parts > 0 && endsLoop(done)) await closeLoop();
    if (done < steps) {
      for await (const batch of batchesOf(options, position)) {
        const rates = ratesOf(config.schedule, config.optimizer, done + 1);
        const parts = await step.run(batch, rates, dropoutSeed(seed, done));
        done++;
        loop = withParts(loop, parts);
        position = { ...batch.position, loop };
        const { training_loss } = meansOf(withParts(noSums, parts));
        health.checkLoss(done, training_loss);
        options.progress(done, steps, 'steps');
        options.metric('loss', training_loss, done);
        options.metric('tokens/s', pace.stepDone(), done);
        if (endsLoop(done)) await closeLoop();
        if (done === steps) break;
        // On most backends steps and batches are made without waiting: signals get through here alone.
        await setImmediate();
        signal.throwIfAborted();
      }
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    await save(work.interrupted, 1);
    throw new TrainingError(`stopped at step ${done} of ${steps}, with a checkpoint: run again to go on from there`);
  } finally {
    step.dispose();
    log.close();
  }
  work.finish();
}

/** Records that the shuffle draws from; Model Garden's default is 100 and reads 8 files at once, ours draws from more. */
const shuffleBuffer = 10_000;

function batchesOf({ records, batchSize, seed, shuffle, config }: PretrainOptions, from: DataPosition | undefined) {
  return readBatches(records, {
    batchSize,
    seed,
    shuffleBuffer: shuffle ? shuffleBuffer : 0,
    epochs: Infinity,
    limits: config.architecture,
    ...(from && { from }),
  });
}

function validationOf({ config, validation, validationBatchSize, replicas }: PretrainOptions): Validation {
  const { validationSteps } = config.trainer;
  const { architecture } = config;
  return {
    records: validation,
    batchSize: validationBatchSize,
    replicas,
    steps: validationSteps,
    limits: architecture,
  };
}

function loopText(line: Means & { step: number; learning_rate: number }, validated: object | undefined, pace: number) {
  const parts = [
    `loss ${line.training_loss.toFixed(4)} (masked LM ${line.lm_example_loss.toFixed(4)}, next sentence ${line.next_sentence_loss.toFixed(4)})`,
    `accuracy ${line.masked_lm_accuracy.toFixed(3)} and ${line.next_sentence_accuracy.toFixed(3)}`,
    `rate ${line.learning_rate.toExponential(2)}`,
    `${Math.round(pace)} tokens/s`,
    ...Object.entries(validated ?? {}).map(([name, value]) => `${name} ${(value as number).toFixed(4)}`),
  ];
  return `step ${line.step}: ${parts.join(', ')}`;
}
