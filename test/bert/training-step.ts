/** One update, however the batch goes through the device, against formulas and against itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelVariables, type Variable } from '../../src/bert/model/variables.ts';
import { createWeights } from '../../src/bert/model/weights.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { createMoments } from '../../src/bert/training/moments.ts';
import { adamWeightDecay, decays } from '../../src/bert/training/optimizer.ts';
import { createTrainingStep, type PartSums, type StepConfig } from '../../src/bert/training/training-step.ts';
import type { Device } from '../../src/devices/device.ts';
import type { Batch } from '../../src/pretraining/records/read-batches.ts';
import { randomBatch } from './random-batch.ts';
import { tinyConfig, tinyShape } from './tiny-training.ts';

const size = 12;
const { architecture } = tinyConfig();
const trained = modelVariables(architecture).filter((variable) => variable.trained);
const batch = randomBatch(
  { sequences: size, positions: tinyShape.tokens, predictions: tinyShape.masks, vocabSize: tinyShape.vocabSize },
  1,
);
interface Setup {
  readonly name: string;
  readonly device: Device;
  readonly traced: boolean;
}

const rates = { decay: 0.001, adam: 0.02 };

interface Outcome {
  readonly sums: readonly (readonly PartSums[])[];
  /** After the last update. */
  readonly weights: readonly Float32Array[];
  /** After the first, when it is a tenth of the gradient. */
  readonly m: readonly Float32Array[];
}

/** Steeper than fresh weights, so that clipping is at work. */
function startOf(variable: Variable): Float32Array {
  const values = initialWeights(variable, 0.02, 7);
  return variable.initial === 'truncated-normal' ? values.map((value) => 10 * value) : values;
}

function begun({ device, traced }: Setup, how: Partial<StepConfig> = {}, given = batch) {
  const weights = createWeights(device, architecture, startOf);
  const step = createTrainingStep(device, weights, createMoments(device, weights, undefined), {
    heads: architecture.heads,
    dropoutRate: 0,
    attentionDropoutRate: 0,
    headDropoutRate: 0,
    maskedScore: -1e9,
    gelu: 'tanh',
    optimizer: adamWeightDecay,
    batchSize: given.size,
    replicas: 1,
    microBatch: given.size,
    positions: 12,
    predictions: 3,
    traced,
    ...how,
  });
  return { device, step };
}

async function outcome(
  setup: Setup,
  how: Partial<StepConfig> = {},
  { given = batch, updates = 2 }: { readonly given?: Batch; readonly updates?: number } = {},
): Promise<Outcome> {
  const { step } = begun(setup, how, given);
  const all = async (which: 'weight' | 'm') => {
    const numbers = await step.snapshot();
    return trained.map((_, i) => numbers(i, which).slice());
  };
  const sums = [await step.run(given, rates, 0)];
  const m = await all('m');
  for (let i = 1; i < updates; i++) sums.push(await step.run(given, rates, i));
  const result = { sums, m, weights: await all('weight') };
  step.dispose();
  return result;
}

const farthest = (a: readonly Float32Array[], b: readonly Float32Array[]) =>
  Math.max(...a.map((values, i) => values.reduce((most, value, j) => Math.max(most, Math.abs(value - b[i]![j]!)), 0)));

const norm = (tensors: readonly Float32Array[]) =>
  Math.sqrt(tensors.reduce((sum, values) => sum + values.reduce((part, value) => part + value * value, 0), 0));

const total = (parts: readonly PartSums[], name: keyof PartSums) => parts.reduce((sum, part) => sum + part[name], 0);

function assertNear(a: Outcome, b: Outcome, name: string): void {
  for (const [i, parts] of a.sums.entries()) {
    for (const sum of ['maskedLm', 'nextSentence', 'maskedLmCorrect', 'nextSentenceCorrect', 'masked'] as const) {
      const [ours, theirs] = [total(parts, sum), total(b.sums[i]!, sum)];
      assert.ok(Math.abs(ours - theirs) < 1e-4 * Math.max(1, theirs), `${name}: ${sum} ${ours}, not ${theirs}`);
    }
  }
  assert.ok(farthest(a.m, b.m) < 1e-6, `${name}: m is off by ${farthest(a.m, b.m)}`);
  assert.ok(farthest(a.weights, b.weights) < 1e-4, `${name}: weights are off by ${farthest(a.weights, b.weights)}`);
}

/** A replica's part: a third of the batch's rows. */
function third(replica: number): Batch {
  const cut = <T extends Int32Array | Float32Array>(values: T): T =>
    values.slice((replica * values.length) / 3, ((replica + 1) * values.length) / 3) as T;
  return {
    size: size / 3,
    inputWordIds: cut(batch.inputWordIds),
    inputMask: cut(batch.inputMask),
    inputTypeIds: cut(batch.inputTypeIds),
    maskedPositions: cut(batch.maskedPositions),
    maskedIds: cut(batch.maskedIds),
    maskedWeights: cut(batch.maskedWeights),
    nextSentenceLabels: cut(batch.nextSentenceLabels),
    position: batch.position,
  };
}

/** The first setup is held against formulas, the others against it. Devices share TensorFlow.js' state: one kind of them a process. */
export function testTrainingSteps(setups: readonly Setup[]): void {
  test('every way of running it makes the same update', async () => {
    const expected = await outcome(setups[0]!);
    for (const setup of setups.slice(1)) assertNear(await outcome(setup), expected, setup.name);
  });

  test('micro-batches of any size add up to the full batch, also beside padding', async () => {
    const expected = await outcome(setups[0]!);
    for (const setup of setups) {
      for (const microBatch of setup.traced ? [5] : [1, 5, 6]) {
        assertNear(await outcome(setup, { microBatch }), expected, `${setup.name}, ${microBatch} at once`);
      }
    }
  });

  test('updates and evaluations leave no tensor behind', async () => {
    for (const setup of setups) {
      const { device, step } = begun(setup, { microBatch: 5 });
      const held = () => device.tf.memory().numTensors;
      await step.run(batch, rates, 0);
      const before = held();
      for (let i = 1; i < 4; i++) await step.run(batch, rates, i);
      await step.evaluate(batch);
      assert.equal(held(), before, setup.name);
      step.dispose();
    }
  });

  test('each replica normalises and clips its own part, and the clipped gradients are summed', async () => {
    const parts: Outcome[] = [];
    for (const replica of [0, 1, 2]) parts.push(await outcome(setups[0]!, {}, { given: third(replica) }));
    for (const { m } of parts) assert.ok(Math.abs(10 * norm(m) - 1) < 1e-4, `norm ${10 * norm(m)}`);
    const summed = trained.map((_, i) =>
      parts[0]!.m[i]!.map((value, j) => value + parts[1]!.m[i]![j]! + parts[2]!.m[i]![j]!),
    );
    for (const setup of setups) {
      for (const microBatch of setup.traced ? [3] : [size, 3]) {
        const whole = await outcome(setup, { replicas: 3, microBatch });
        assert.ok(farthest(whole.m, summed) < 1e-6, `${setup.name}: m is off by ${farthest(whole.m, summed)}`);
        for (const [replica, part] of whole.sums[0]!.entries()) {
          const alone = parts[replica]!.sums[0]![0]!;
          assert.equal(part.masked, alone.masked);
          assert.ok(Math.abs(part.maskedLm - alone.maskedLm) < 1e-4);
        }
      }
    }
  });

  test('an update is the formula, with decay where it belongs', async () => {
    for (const setup of setups.filter(({ traced }) => !traced)) {
      const { m, weights } = await outcome(setup, {}, { updates: 1 });
      assert.ok(Math.abs(10 * norm(m) - 1) < 1e-4, `${setup.name}: clipped to ${10 * norm(m)}`);
      for (const [i, variable] of trained.entries()) {
        for (const [j, before] of startOf(variable).entries()) {
          const g = 10 * m[i]![j]!;
          const decayed = decays(variable.fullName) ? before - rates.decay * before : before;
          const expected = decayed - (rates.adam * 0.1 * g) / (Math.sqrt(0.001 * g * g) + 1e-7);
          assert.ok(Math.abs(weights[i]![j]! - expected) < 2e-5, `${setup.name}: ${variable.key}[${j}]`);
        }
      }
    }
  });
}
