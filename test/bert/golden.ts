import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { pretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import { modelVariables } from '../../src/bert/model/variables.ts';
import { type PretrainOptions, pretrain } from '../../src/bert/pretrain/pretrain.ts';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { readTrainingLog } from '../../src/bert/training/training-log.ts';
import type { Device } from '../../src/devices/device.ts';
import { sharedPath } from '../shared.ts';
import { unwatched } from '../unwatched.ts';

const golden = sharedPath('golden/model-garden');
const folder = mkdtempSync(join(tmpdir(), 'kumiki-pretrain-'));
after(() => rmSync(folder, { recursive: true }));

function options(device: Device, work: string, more: Partial<PretrainOptions>): PretrainOptions {
  const layers = ['data.yaml', 'model.yaml'].map((file) => parse(readFileSync(join(golden!, file), 'utf8')) as unknown);
  return {
    device,
    config: pretrainingConfig(layers),
    records: [join(golden!, 'train.tfrecord')],
    validation: [],
    steps: 40,
    batchSize: 16,
    validationBatchSize: 16,
    microBatch: 16,
    replicas: 1,
    seed: 0,
    shuffle: false,
    dropout: 0,
    work: join(folder, work),
    ...unwatched(),
    ...more,
  };
}

/** Tests against Model Garden's own run of twenty steps; `steps`: only the losses of so many of them. */
export function testGolden(device: Device, steps = 20): void {
  test('resuming a checkpoint of Model Garden gives its losses and its next checkpoint', {
    skip: golden === undefined,
  }, async () => {
    const theirs = JSON.parse(readFileSync(join(golden!, 'scalars.json'), 'utf8')) as Record<
      string,
      Record<string, number>
    >;
    const given = options(device, 'golden', { resume: join(golden!, 'model_dir/ckpt-20'), steps: 20 + steps });
    await pretrain(given);
    const lines = readTrainingLog(join(given.work, 'log.jsonl'));
    assert.deepEqual(
      lines.map((line) => line.step),
      Array.from({ length: steps }, (_, i) => 21 + i),
    );
    for (const line of lines) {
      for (const name of [
        'training_loss',
        'lm_example_loss',
        'next_sentence_loss',
        'masked_lm_accuracy',
        'next_sentence_accuracy',
      ]) {
        const distance = Math.abs(line[name]! - theirs[name]![line.step!]!);
        assert.ok(distance < 1e-4, `step ${line.step} ${name} is off by ${distance}`);
      }
      assert.equal(line.learning_rate, theirs.learning_rate![line.step!]);
    }
    if (steps < 20) return;
    const [ours, expected] = [join(given.work, 'model_dir'), join(golden!, 'model_dir/ckpt-40')].map(openCheckpoint);
    for (const variable of modelVariables(given.config.architecture)) {
      const [a, b] = [ours!.weight(variable), expected!.weight(variable)];
      const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
      assert.ok(worst < 1e-4, `${variable.key} is off by ${worst}`);
    }
  });
}

/** `within`: how far an interrupted run may be from a straight one; 0 on one thread. */
export function testInterruption(device: Device, within: number, [at, steps] = [7, 12]): void {
  test('interrupted anywhere, a training ends as if it had not been', { skip: golden === undefined }, async () => {
    const more = { steps: steps!, dropout: 0.1, shuffle: true, seed: 5 };
    const straight = options(device, 'straight', more);
    await pretrain(straight);
    const abort = new AbortController();
    const stopped = options(device, 'stopped', {
      ...more,
      signal: abort.signal,
      progress: (done) => done === at && abort.abort(),
    });
    await assert.rejects(pretrain(stopped), new RegExp(`stopped at step ${at} of ${steps}, with a checkpoint`));
    await pretrain(options(device, 'stopped', more));
    const [a, b] = [straight, stopped].map(({ work }) => readTrainingLog(join(work, 'log.jsonl')));
    assert.equal(a!.length, b!.length);
    for (const [i, line] of a!.entries()) {
      for (const [name, value] of Object.entries(line)) {
        const distance = Math.abs(value - b![i]![name]!);
        assert.ok(distance <= within, `step ${line.step} ${name} is off by ${distance}`);
      }
    }
  });
}
