import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { modelVariables } from '../../src/bert/model/variables.ts';
import { adamWeightDecay, decays, learningRate, ratesOf } from '../../src/bert/training/optimizer.ts';
import { sharedPath } from '../shared.ts';

const schedule = { initialRate: 0.002, endRate: 0, decaySteps: 60, power: 1, warmupSteps: 10 };
const scalars = sharedPath('golden/model-garden/scalars.json');

test('rates equal those of Model Garden, bit for bit', { skip: scalars === undefined }, () => {
  const theirs = JSON.parse(readFileSync(scalars!, 'utf8')).learning_rate as Record<string, number>;
  assert.equal(Object.keys(theirs).length, 40);
  for (const [step, rate] of Object.entries(theirs))
    assert.equal(learningRate(schedule, Number(step)), rate, `step ${step}`);
});

test('warm-up reaches the decayed rate, not the initial one, and step 0 counts as 1', () => {
  assert.equal(learningRate(schedule, 0), learningRate(schedule, 1));
  assert.ok(learningRate(schedule, 10) < 0.002);
  assert.equal(learningRate(schedule, 60), 0);
  assert.equal(learningRate(schedule, 1000), 0);
});

test('the first update corrects both moments fully', () => {
  const { adam, decay } = ratesOf(schedule, adamWeightDecay, 1);
  const rate = learningRate(schedule, 0);
  assert.ok(Math.abs(adam / rate - Math.sqrt(0.001) / 0.1) < 1e-12);
  assert.equal(decay, rate * 0.01);
});

test('layer normalisation and biases do not decay, embeddings and kernels do', () => {
  const architecture = {
    vocabSize: 8,
    hiddenSize: 4,
    layers: 1,
    heads: 2,
    intermediateSize: 8,
    maxPositions: 4,
    typeVocabSize: 2,
    initializerRange: 0.02,
  };
  const decaying = modelVariables(architecture).filter(({ trained, fullName }) => trained && decays(fullName));
  assert.deepEqual(
    decaying.map(({ key }) => key).filter((key) => !key.endsWith('/kernel')),
    ['masked_lm/embedding_table', 'encoder/layer_with_weights-1/embeddings', 'encoder/layer_with_weights-2/embeddings'],
  );
});
