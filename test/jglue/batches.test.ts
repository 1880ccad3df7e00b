import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMoments } from '../../src/bert/training/moments.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import { openModel } from '../../src/huggingface/open-model.ts';
import { maskedScore } from '../../src/jglue/model/task-model.ts';
import { createTaskWeights, taskVariables } from '../../src/jglue/model/task-weights.ts';
import { collate, epochBatches, type Item, paddedLength } from '../../src/jglue/training/batches.ts';
import { createFineTuningStep } from '../../src/jglue/training/fine-tuning-step.ts';
import { linearSchedule, rateInStep } from '../../src/jglue/training/linear-schedule.ts';
import { startingWeights } from '../../src/jglue/training/starting-weights.ts';
import { golden, goldenJson } from './golden.ts';
import { writeTinyModel } from './tiny-model.ts';

test('an epoch sees every example once, in an order of its own that follows from the seed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 64 }),
      fc.integer(),
      (count, size, seed) => {
        const batches = epochBatches(count, size, { seed, epoch: 1 });
        assert.deepEqual(
          batches.flat().sort((a, b) => a - b),
          Array.from({ length: count }, (_, i) => i),
        );
        assert.ok(batches.slice(0, -1).every((batch) => batch.length === size));
        assert.deepEqual(epochBatches(count, size, { seed, epoch: 1 }), batches);
      },
    ),
  );
  const orders = [
    { seed: 1, epoch: 0 },
    { seed: 1, epoch: 1 },
    { seed: 2, epoch: 0 },
  ].map((shuffle) => epochBatches(100, 100, shuffle).join());
  assert.equal(new Set(orders).size, 3);
  assert.deepEqual(epochBatches(5, 2, undefined), [[0, 1], [2, 3], [4]]);
});

test('the learning rate is transformers’', { skip: golden === undefined }, () => {
  interface Case {
    readonly total_steps: number;
    readonly warmup_ratio: number;
    readonly learning_rate: number;
    readonly warmup_steps: number;
    readonly lr: readonly number[];
  }
  for (const each of goldenJson<{ schedule: Case[] }>('metrics_cases.json').schedule) {
    const schedule = linearSchedule(each.learning_rate, each.total_steps, each.warmup_ratio);
    assert.equal(schedule.warmupSteps, each.warmup_steps);
    for (const [i, rate] of each.lr.entries()) assert.ok(Math.abs(rateInStep(schedule, i + 1) - rate) < 1e-18);
  }
});

test('padding, of length and of a last smaller batch, changes neither losses nor answers', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const model = await openModel(await writeTinyModel(join(folder, 'model')));
  t.after(() => model.close());
  const device = await openDevice('wasm', 1);
  const items = [7, 12, 5].map(
    (length, i): Item => ({
      sequences: [{ ids: Array.from({ length }, (_, j) => 5 + ((7 * j + i) % 100)), firstLength: 4 }],
      target: [i % 2],
    }),
  );
  assert.equal(paddedLength(items, 128), 16);
  assert.equal(paddedLength(items, 12), 12);
  const { valuesOf } = await startingWeights(model, 'classification', undefined, 3);
  const shapes = [
    [3, 12],
    [3, 64],
    [8, 16],
  ];
  const results: number[][] = [];
  for (const [batchSize, length] of shapes) {
    const weights = createTaskWeights(
      device,
      taskVariables(model.config.architecture, 'classification', 2),
      model.config.architecture,
      valuesOf,
    );
    const step = createFineTuningStep(device, weights, createMoments(device, weights, undefined), {
      kind: 'classification',
      gelu: 'erf',
      heads: 2,
      dropoutRate: 0,
      attentionDropoutRate: 0,
      maskedScore,
      frozenToken: 0,
      batchSize: batchSize!,
      trainingLengths: [length!],
      predictionLengths: [length!],
      traced: false,
    });
    const batch = collate(items, batchSize!, length!, 0);
    const losses: number[] = [];
    for (const update of [1, 2, 3]) {
      const { loss, gradientNorm } = await step.train(batch, 1e-3, update, 0);
      losses.push(loss, gradientNorm);
    }
    const answers = await step.predict(batch);
    results.push([...losses, ...answers.flatMap(([logits]) => Array.from(logits!))]);
  }
  const [expected, ...others] = results;
  assert.equal(expected!.length, 12);
  for (const other of others) {
    for (const [i, value] of other.entries())
      assert.ok(Math.abs(value - expected![i]!) < 1e-5, `${i}: ${value}, not ${expected![i]}`);
  }
});
