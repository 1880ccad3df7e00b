import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readTrainingLog } from '../../src/bert/training/training-log.ts';
import type { Device } from '../../src/devices/device.ts';
import { type Model, openModel } from '../../src/huggingface/open-model.ts';
import type { TextEncoder } from '../../src/jglue/features/text-encoder.ts';
import { questionSplit } from '../../src/jglue/predictions/question-split.ts';
import { sentenceSplit } from '../../src/jglue/predictions/sentence-split.ts';
import type { Split } from '../../src/jglue/predictions/split.ts';
import { classesOf } from '../../src/jglue/tasks/labels.ts';
import { readQuestions } from '../../src/jglue/tasks/questions.ts';
import { readSentenceExamples } from '../../src/jglue/tasks/sentence-examples.ts';
import { type TaskName, taskNames, tasks } from '../../src/jglue/tasks/task.ts';
import { type FineTuneOptions, fineTune } from '../../src/jglue/training/fine-tune.ts';
import { startingWeights } from '../../src/jglue/training/starting-weights.ts';
import { absent, golden, goldenEncoder, goldenJson } from './golden.ts';

const skip = absent;
const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));

let encoder: TextEncoder;
let model: Model;
let device: Device | undefined;
after(() => model?.close());

interface Splits {
  readonly classes: number;
  readonly train: Split;
  readonly dev: Split;
}

async function goldenSplits(name: TaskName): Promise<Splits> {
  const task = tasks[name];
  const length = task.maxSequenceLength;
  const file = (split: string) => join(golden!, name, `${split}.json`);
  if (task.kind === 'span') {
    const read = (split: string) => readQuestions(file(split), { labelled: true });
    const train = questionSplit(await read('train'), encoder, length, true);
    return { classes: 0, train, dev: questionSplit(await read('dev'), encoder, length, false) };
  }
  const read = (split: string) => readSentenceExamples(file(split), task, { labelled: true });
  const examples = await read('train');
  const classes = task.kind === 'classification' ? classesOf(examples) : undefined;
  return {
    classes: classes?.length ?? 0,
    train: sentenceSplit(examples, task, classes, encoder, length),
    dev: sentenceSplit(await read('dev'), task, classes, encoder, length),
  };
}

async function options(name: TaskName, work: string, more: Partial<FineTuneOptions>) {
  const task = tasks[name];
  const { valuesOf } = await startingWeights(model, task.kind, join(golden!, name, 'head.safetensors'), 0);
  return {
    ...(await goldenSplits(name)),
    device: device!,
    config: model.config,
    kind: task.kind,
    valuesOf,
    test: undefined,
    learningRate: 5e-5,
    epochs: 3,
    batchSize: 8,
    maxSequenceLength: task.maxSequenceLength,
    warmupRatio: 0.1,
    seed: 0,
    shuffle: false,
    dropout: 0,
    pad: encoder.pad,
    work: join(folder, work),
    signal: new AbortController().signal,
    progress: () => {},
    metric: () => {},
    log: () => {},
    ...more,
  } satisfies FineTuneOptions;
}

interface Trajectory {
  readonly steps: readonly { step: number; loss: number; lr: number; grad_norm: number; epoch: number }[];
  readonly evals?: readonly { after_step: number; loss: number; [metric: string]: number }[];
}

const near = (actual: number, expected: number, most: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= most, `${what}: ${actual}, not ${expected}`);

/** The tests of one backend. One a process: TensorFlow.js keeps its active backend in a global. */
export function testTrajectories(
  backend: string,
  given: Device | undefined,
  names: readonly TaskName[] = taskNames,
  rates: readonly number[] = [5e-5, 1e-3],
): void {
  device = given;
  before(async () => {
    if (skip) return;
    encoder = await goldenEncoder('wordpiece');
    model = await openModel(join(golden!, 'model'));
  });
  for (const name of names) {
    for (const rate of rates) {
      test(`${name} at ${rate} on ${backend}: the trajectory of transformers`, {
        skip: skip || device === undefined,
      }, async () => {
        const suffix = rate === 5e-5 ? '' : '_lr0.001';
        const asked = await options(name, `${name}${suffix}`, { learningRate: rate });
        const { dev, dispose } = await fineTune(asked);
        dispose();
        const { steps, evals = [] } = goldenJson<Trajectory>(name, `trajectory${suffix}.json`);
        const lines = readTrainingLog(join(asked.work, 'log.jsonl'));
        const training = lines.filter((line) => line.loss !== undefined);
        assert.equal(training.length, steps.length);
        for (const [i, expected] of steps.entries()) {
          const line = training[i]!;
          assert.deepEqual([line.step, line.epoch], [expected.step, expected.epoch]);
          near(line.learning_rate!, expected.lr, 1e-12, `rate of step ${i + 1}`);
          near(line.loss!, expected.loss, 1e-4, `loss of step ${i + 1}`);
          near(line.grad_norm!, expected.grad_norm, 1e-3 * expected.grad_norm, `gradient norm of step ${i + 1}`);
        }
        for (const { after_step, ...expected } of evals.filter((each) => each.after_step > 0)) {
          const line = lines.find((each) => each.step === after_step && each.loss === undefined)!;
          for (const [metric, value] of Object.entries(expected))
            near(line[`eval_${metric}`]!, value, 1e-4, `${metric} after ${after_step}`);
        }
        assertLogits(name, suffix, dev.predictions);
        assertMetrics(name, suffix, dev.metrics!);
      });
    }
  }
}

function assertLogits(name: TaskName, suffix: string, predictions: readonly Readonly<Record<string, unknown>>[]): void {
  if (name === 'jsquad') {
    const expected = goldenJson<{ final: Record<string, string> }>(name, `predictions${suffix}.json`).final;
    assert.deepEqual(Object.fromEntries(predictions.map(({ id, prediction }) => [id, prediction])), expected);
    if (suffix === '') assertBest(predictions);
    return;
  }
  const { final } = goldenJson<{ final: number[][] | number[] }>(name, `dev_logits${suffix}.json`);
  for (const [i, expected] of final.entries()) {
    // A shift common to the choices is noise in the original itself.
    const centred = (row: number[]) => {
      const mean = name === 'jcommonsenseqa' ? row.reduce((sum, value) => sum + value, 0) / row.length : 0;
      return row.map((value) => value - mean);
    };
    const theirs = centred([expected].flat());
    const ours = centred(predictions[i]!.logits as number[]);
    for (const [j, value] of theirs.entries()) near(ours[j]!, value, 1e-3, `logit ${j} of example ${i}`);
  }
}

function assertBest(predictions: readonly Readonly<Record<string, unknown>>[]): void {
  interface Best {
    readonly text: string;
    readonly probability: number;
    readonly start_logit: number;
    readonly end_logit: number;
  }
  const theirs = goldenJson<Record<string, Best[]>>('jsquad', 'nbest.json');
  for (const { id, best } of predictions) {
    const ours = new Map((best as Best[]).map((answer) => [answer.text, answer]));
    const expected = theirs[id as string]!;
    // The last places may change hands where two answers are equally good.
    const shared = expected.filter(({ text }) => ours.has(text));
    assert.ok(shared.length >= expected.length - 1, `${id}: ${shared.length} of ${expected.length} answers`);
    for (const answer of shared) {
      for (const key of ['probability', 'start_logit', 'end_logit'] as const) {
        near(ours.get(answer.text)![key], answer[key], 1e-3, `${key} of ${answer.text}`);
      }
    }
  }
}

function assertMetrics(name: TaskName, suffix: string, metrics: Readonly<Record<string, number>>): void {
  const golden = goldenJson<Record<'final' | 'final_as_reported', Record<string, number>>>(
    name,
    `metrics${suffix}.json`,
  );
  const expected = golden.final_as_reported ?? golden.final;
  for (const [metric, value] of Object.entries(expected)) {
    // At 1e-3 the answers lie so close together that their noise of 1e-6 is 2e-6 in a correlation.
    const most = metric === 'loss' ? 1e-4 : suffix === '' ? 1e-6 : 5e-6;
    near(metrics[metric]!, value, most, metric);
  }
}
