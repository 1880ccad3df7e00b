import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDevice } from '../../src/devices/open-device.ts';
import { type RunTaskOptions, runTask } from '../../src/jglue/run-task.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { unwatched } from '../unwatched.ts';
import { demoFile } from './demo-tasks.ts';
import { writeTinyModel } from './tiny-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));
const model = await writeTinyModel(join(folder, 'model'));
const dictionary = await embeddedIpadic();
const device = await openDevice('wasm', 1);

function options(name: string, more: Partial<RunTaskOptions>): RunTaskOptions {
  const output = (file: string) => join(folder, `${name}-${file}`);
  return {
    device,
    task: 'jcommonsenseqa',
    model,
    dictionary,
    train: demoFile('jcommonsenseqa', 'train'),
    dev: demoFile('jcommonsenseqa', 'dev'),
    test: undefined,
    head: undefined,
    learningRate: 1e-3,
    epochs: 3,
    batchSize: 8,
    maxSequenceLength: 64,
    maxTrainExamples: 35,
    warmupRatio: 0.1,
    seed: 5,
    shuffle: true,
    dropout: 0.1,
    modelName: undefined,
    work: join(folder, name),
    outputs: { metrics: output('metrics'), predictions: output('predictions'), log: output('log'), model: undefined },
    ...unwatched(),
    ...more,
  };
}

const results = ({ outputs }: RunTaskOptions) =>
  [outputs.metrics, outputs.predictions, outputs.log].map((path) => readFileSync(path, 'utf8'));

test('stopped inside an epoch, at its end, and again, it ends as if it had not been', async () => {
  const straight = options('straight', {});
  await runTask(straight);
  const lines: string[] = [];
  // Five batches an epoch.
  for (const stop of [3, 5, 12]) {
    const abort = new AbortController();
    const stopping = options('stopped', {
      signal: abort.signal,
      progress: (done) => done === stop && abort.abort(),
      log: (line) => void lines.push(line),
    });
    await assert.rejects(runTask(stopping), new RegExp(`stopped at step ${stop} of 15: run again to go on from there`));
  }
  const last = options('stopped', { log: (line) => void lines.push(line) });
  await runTask(last);
  assert.deepEqual(
    lines.flatMap((line) => /goes on from step \d+/.exec(line) ?? []),
    [3, 5, 12].map((step) => `goes on from step ${step}`),
  );
  assert.deepEqual(results(last), results(straight));
});

test('a loss that is no number ends the training', async () => {
  const diverging = options('diverging', { learningRate: 1e30 });
  await assert.rejects(runTask(diverging), /the loss is .* at step \d+: a lower learning rate may help|not finite/);
});
