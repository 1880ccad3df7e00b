import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { modelVariables } from '../../src/bert/model/variables.ts';
import {
  listedCheckpoints,
  openCheckpoint,
  saveCheckpoint,
  type TrainingState,
} from '../../src/bert/training/checkpoint.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import { sharedPath } from '../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-checkpoint-'));
after(() => rmSync(folder, { recursive: true }));

const tiny = {
  vocabSize: 12,
  hiddenSize: 4,
  layers: 1,
  heads: 2,
  intermediateSize: 8,
  maxPositions: 6,
  typeVocabSize: 2,
  initializerRange: 0.02,
};

const fresh = (step: number): TrainingState => ({
  step,
  saves: step,
  weight: (variable) => initialWeights(variable, 0.02, 7),
  moment: ({ shape }) => new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(step),
});

test('what is saved is restored, and only the newest are kept', () => {
  const directory = join(folder, 'kept');
  for (const step of [10, 20, 30]) saveCheckpoint(directory, tiny, adamWeightDecay, fresh(step), 2);
  assert.deepEqual(listedCheckpoints(directory), ['ckpt-20', 'ckpt-30']);
  assert.deepEqual(readdirSync(directory).sort(), [
    'checkpoint',
    'ckpt-20.data-00000-of-00001',
    'ckpt-20.index',
    'ckpt-30.data-00000-of-00001',
    'ckpt-30.index',
  ]);
  const checkpoint = openCheckpoint(directory);
  assert.equal(checkpoint.step, 30);
  const [first] = modelVariables(tiny);
  assert.deepEqual(checkpoint.weight(first!), initialWeights(first!, 0.02, 7));
  assert.deepEqual([...new Set(checkpoint.moment(first!, 'v'))], [30]);
  assert.equal(openCheckpoint(join(directory, 'ckpt-20')).step, 20);
});

test('a checkpoint of another shape, an empty directory and a missing one are named', () => {
  const directory = join(folder, 'other');
  saveCheckpoint(directory, tiny, adamWeightDecay, fresh(1), 1);
  const [wider] = modelVariables({ ...tiny, vocabSize: 20 });
  assert.throws(
    () => openCheckpoint(directory).weight(wider!),
    /embedding_table.*\[12,4\] where the model has \[20,4\]/,
  );
  assert.throws(() => openCheckpoint(folder), /holds no checkpoint/);
  assert.throws(() => openCheckpoint(join(folder, 'nowhere')), /There is no checkpoint/);
});

test('fresh weights follow from the seed and the name, cut at two deviations', () => {
  const [words] = modelVariables({ ...tiny, vocabSize: 5000 });
  const values = initialWeights(words!, 0.02, 1);
  assert.deepEqual(values, initialWeights(words!, 0.02, 1));
  assert.notDeepEqual(values, initialWeights(words!, 0.02, 2));
  assert.ok(values.every((value) => Math.abs(value) <= 0.04));
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  // A normal distribution cut at ±2σ has the deviation 0.88σ.
  assert.ok(Math.abs(deviation / 0.02 - 0.8796) < 0.02, String(deviation));
});

test('a checkpoint of Model Garden, restored and saved, is the same byte for byte', {
  skip: sharedPath('golden') === undefined,
}, () => {
  const golden = join(sharedPath('golden/model-garden/model_dir')!, 'ckpt-20');
  const architecture = {
    ...tiny,
    vocabSize: 800,
    hiddenSize: 48,
    layers: 2,
    heads: 4,
    intermediateSize: 96,
    maxPositions: 64,
  };
  const saved = saveCheckpoint(
    join(folder, 'golden'),
    architecture,
    adamWeightDecay,
    { ...openCheckpoint(golden), step: 20 },
    5,
  );
  const differing = ['index', 'data-00000-of-00001'].filter(
    (suffix) => !readFileSync(`${saved}.${suffix}`).equals(readFileSync(`${golden}.${suffix}`)),
  );
  assert.deepEqual(differing, []);
});
