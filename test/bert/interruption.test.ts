import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type PretrainOptions, pretrain } from '../../src/bert/pretrain/pretrain.ts';
import { listedCheckpoints } from '../../src/bert/training/checkpoint.ts';
import type { Device } from '../../src/devices/device.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import { trainingOptions, writeRandomRecords } from './tiny-training.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-interruption-'));
after(() => rmSync(folder, { recursive: true }));

const records = join(folder, 'train.tfrecord');
const validation = join(folder, 'validation.tfrecord');
let device: Device;
let undisturbed: Record<string, string>;
before(async () => {
  writeRandomRecords(records, 50, 1);
  writeRandomRecords(validation, 20, 2);
  device = await openDevice('wasm', 1);
  await pretrain(options('undisturbed'));
  undisturbed = published('undisturbed');
});

function options(work: string, more: Partial<PretrainOptions> = {}): PretrainOptions {
  return trainingOptions(device, { records, work: join(folder, work) }, { validation: [validation], seed: 3, ...more });
}

/** Every byte that a training leaves for its outputs. */
function published(work: string): Record<string, string> {
  const modelDirectory = join(folder, work, 'model_dir');
  const files = [
    join(folder, work, 'log.jsonl'),
    ...readdirSync(modelDirectory).map((name) => join(modelDirectory, name)),
  ];
  return Object.fromEntries(
    files.map((file) => [file.slice(join(folder, work).length), readFileSync(file).toString('latin1')]),
  );
}

test('the first checkpoint comes after the first loop, the next by interval, and the last at the end', async () => {
  const written: string[] = [];
  await pretrain(options('intervals', { log: (line) => line.includes('wrote') && written.push(line) }));
  assert.deepEqual(
    written.map((line) => line.replace(/.*ckpt-/, '')),
    // Loops end at multiples of four, and at ten and twenty, where there is an evaluation.
    ['4', '12', '20', '28', '30'],
  );
  assert.deepEqual(listedCheckpoints(join(folder, 'intervals/model_dir')), ['ckpt-28', 'ckpt-30']);
});

for (const at of [1, 10, 13, 29]) {
  test(`stopped after step ${at} and run again, a training leaves the same bytes`, async () => {
    const work = `stopped-${at}`;
    const abort = new AbortController();
    const stopping = options(work, { signal: abort.signal, progress: (done) => done === at && abort.abort() });
    await assert.rejects(pretrain(stopping), new RegExp(`stopped at step ${at} of 30, with a checkpoint`));
    await pretrain(options(work));
    assert.deepEqual(published(work), undisturbed);
  });
}

test('stopped in an evaluation, it is evaluated again', async () => {
  const abort = new AbortController();
  let done = 0;
  const stopping = options('evaluating', { signal: abort.signal, progress: (step) => (done = step) });
  // The data is asked for once more in the evaluation at step 10: its files are opened then.
  const timer = setInterval(() => done === 10 && abort.abort());
  await assert.rejects(pretrain(stopping), /stopped at step 10 of 30/);
  clearInterval(timer);
  await pretrain(options('evaluating'));
  assert.deepEqual(published('evaluating'), undisturbed);
});

test('a damaged checkpoint of unfinished work is passed over, with a warning', async () => {
  const work = 'damaged';
  const abort = new AbortController();
  const stopping = options(work, { signal: abort.signal, progress: (done) => done === 13 && abort.abort() });
  await assert.rejects(pretrain(stopping), /stopped at step 13/);
  const data = join(folder, work, 'interrupted/ckpt-13.data-00000-of-00001');
  const bytes = readFileSync(data);
  bytes[100]! ^= 1;
  writeFileSync(data, bytes);
  const warnings: string[] = [];
  const lines: string[] = [];
  await pretrain(options(work, { warn: (line) => warnings.push(line), log: (line) => lines.push(line) }));
  assert.match(warnings.join(), /ckpt-13\.data-00000-of-00001 is damaged: the checksum of tensor .* passed over/);
  assert.match(lines[0]!, /goes on from step 12/);
  assert.deepEqual(published(work), undisturbed);
});

test('a training that goes on where a finished one ended has its data, moments and dropout', async () => {
  await pretrain(options('half', { steps: 20 }));
  const log = readFileSync(join(folder, 'half/log.jsonl'), 'utf8');
  await pretrain(options('rest', { resume: join(folder, 'half/model_dir') }));
  const rest = readFileSync(join(folder, 'rest/log.jsonl'), 'utf8');
  assert.equal(log + rest, undisturbed['/log.jsonl']);
});

test('what cannot be resumed is refused by name', async () => {
  await pretrain(options('done', { steps: 4, validation: [] }));
  const resume = join(folder, 'done/model_dir');
  await assert.rejects(pretrain(options('too-far', { resume, steps: 4 })), /ckpt-4 is at step 4 already.*raise steps/);
  writeFileSync(join(resume, 'ckpt-4.position.json'), '{"epoch":0}');
  await assert.rejects(pretrain(options('torn', { resume })), /ckpt-4\.position\.json is damaged/);
});
