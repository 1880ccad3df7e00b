import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelVariables, pretrainerTree, slotsOf } from '../../src/bert/model/variables.ts';
import { attributeSuffix, encodeObjectGraph } from '../../src/tensorflow/bundle/object-graph.ts';
import { openBundle } from '../../src/tensorflow/bundle/reader.ts';
import { stringElement } from '../../src/tensorflow/bundle/strings.ts';
import { sharedPath } from '../shared.ts';

/** That of the golden checkpoint. */
const small = {
  vocabSize: 800,
  hiddenSize: 48,
  layers: 2,
  heads: 4,
  intermediateSize: 96,
  maxPositions: 64,
  typeVocabSize: 2,
  initializerRange: 0.02,
};

const golden = sharedPath('golden/model-garden/model_dir');

test('names, shapes and order are those of a Model Garden checkpoint', { skip: golden === undefined }, () => {
  const bundle = openBundle(join(golden!, 'ckpt-20'));
  const inFileOrder = [...bundle.tensors].sort(([, a], [, b]) => a.offset - b.offset);
  const slot = '/.OPTIMIZER_SLOT/';
  const weights = inFileOrder.filter(
    ([name, { dtype, shape }]) => !name.includes(slot) && dtype === 'float32' && shape.length > 0,
  );
  const ours = modelVariables(small);
  assert.deepEqual(
    ours.map(({ key, shape }) => [`${key}${attributeSuffix}`, shape]),
    weights.map(([name, { shape }]) => [name, shape]),
  );
  const slots = inFileOrder.filter(([name]) => name.includes(slot)).map(([name]) => name);
  assert.deepEqual(
    slotsOf(pretrainerTree(small)).map(({ variable }) => `${variable.key}${attributeSuffix}`),
    slots,
  );
});

test('the object graph equals that of Model Garden byte for byte', { skip: golden === undefined }, () => {
  const theirs = stringElement(openBundle(join(golden!, 'ckpt-20')).read('_CHECKPOINTABLE_OBJECT_GRAPH'));
  const tree = pretrainerTree(small);
  assert.equal(
    Buffer.from(encodeObjectGraph(tree.root, tree.optimizer, slotsOf(tree))).toString('latin1'),
    Buffer.from(theirs).toString('latin1'),
  );
});
