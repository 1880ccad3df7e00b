import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Tensor } from '@tensorflow/tfjs-core';
import { noDropout } from '../../src/bert/model/dropout.ts';
import { createOperations } from '../../src/bert/model/operations.ts';
import { pretrainingLogits } from '../../src/bert/model/pretraining-model.ts';
import type { Device } from '../../src/devices/device.ts';
import { openDevice } from '../../src/devices/open-device.ts';
import { modelWeightsOn } from '../../src/huggingface/masked-lm.ts';
import { type Model, openModel } from '../../src/huggingface/open-model.ts';
import { readSafetensors } from '../../src/huggingface/weights/safetensors/read-safetensors.ts';
import { sharedPath } from '../shared.ts';
import { goldenModel } from './golden-model.ts';

const golden = sharedPath('golden/model-garden');

/** What the original's model gives for three sequences, and what it was given. */
async function expectedLogits() {
  const file = await readSafetensors(join(golden!, 'hf/expected_logits.safetensors'));
  const integers = (name: string) => {
    const bytes = file.read(name);
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  };
  const floats = (name: string) => {
    const bytes = file.read(name);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  };
  const [batch = 0, positions = 0] = file.tensors.get('input_ids')!.shape;
  return {
    batch,
    positions,
    ids: integers('input_ids'),
    types: integers('token_type_ids'),
    mask: Float32Array.from(integers('attention_mask')),
    maskedLm: floats('prediction_logits'),
    nextSentence: floats('seq_relationship_logits'),
  };
}

function logitsOf(device: Device, model: Model, input: Awaited<ReturnType<typeof expectedLogits>>) {
  const { tf } = device;
  const { batch, positions } = input;
  const weights = modelWeightsOn(device, model);
  const rows = Int32Array.from({ length: batch * positions }, (_, row) => row);
  const { maskedLm, nextSentence } = pretrainingLogits(
    device,
    createOperations(device, model.config.gelu),
    weights.named,
    {
      batch,
      positions,
      wordIds: tf.tensor1d(input.ids, 'int32'),
      typeIds: tf.tensor1d(input.types, 'int32'),
      inputMask: tf.tensor2d(input.mask, [batch, positions]),
      maskedRows: tf.tensor1d(rows, 'int32'),
      maskedIds: tf.zeros([rows.length], 'int32'),
      maskedWeights: tf.ones([rows.length]),
      nextSentenceLabels: tf.zeros([batch], 'int32'),
      sequenceWeights: tf.ones([batch]),
    },
    {
      heads: model.config.architecture.heads,
      dropoutRate: 0,
      attentionDropoutRate: 0,
      headDropoutRate: 0,
      maskedScore: -1e9,
    },
    noDropout,
  );
  const values = (tensor: Tensor) => tensor.dataSync() as Float32Array;
  const result = { maskedLm: values(maskedLm), nextSentence: values(nextSentence) };
  weights.dispose();
  return result;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

test("a converted model, read again from any of its files, gives the original's logits", {
  skip: !golden,
}, async (t) => {
  const directory = await goldenModel(t);
  const expected = await expectedLogits();
  const device = await openDevice('wasm', 1);
  for (const file of ['model.safetensors', 'pytorch_model.bin', 'tf_model.h5', 'flax_model.msgpack']) {
    const model = await openModel(directory);
    const logits = logitsOf(device, model, expected);
    model.close();
    const difference = largestDifference(logits.maskedLm, expected.maskedLm);
    assert.ok(difference < 1e-5, `${file}: masked LM differs by ${difference}`);
    assert.ok(largestDifference(logits.nextSentence, expected.nextSentence) < 1e-5, `${file}: next sentence`);
    // The next round reads the next file.
    rmSync(join(directory, file));
  }
});
