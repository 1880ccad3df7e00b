/** A model directory's masked-language model on a device: which token stands where a sequence has [MASK]. */

import { noDropout } from '../bert/model/dropout.ts';
import { createOperations } from '../bert/model/operations.ts';
import { type PretrainingBatch, pretrainingLogits } from '../bert/model/pretraining-model.ts';
import type { Variable } from '../bert/model/variables.ts';
import { createWeights, type Weights } from '../bert/model/weights.ts';
import type { Device } from '../devices/device.ts';
import { ModelError } from './model-error.ts';
import { type Model, readVariable } from './open-model.ts';
import { modelTensor } from './tensor-names.ts';

export interface MaskedLm {
  /** For one sequence of ids, the logits over the vocabulary at each of `positions`: row-major [positions, V]. */
  predict(ids: readonly number[], positions: readonly number[]): Promise<Float32Array>;
  dispose(): void;
}

/** Throws `ModelError` if the model has no masked-LM head or a tensor does not fit its configuration. */
export function createMaskedLm(device: Device, model: Model): MaskedLm {
  const { tf } = device;
  if (!model.tensors.has('cls.predictions.bias')) {
    throw new ModelError(`${model.directory} has no masked-LM head: it was saved for another task`);
  }
  const { architecture, gelu } = model.config;
  const weights = modelWeightsOn(device, model);
  const operations = createOperations(device, gelu);
  const options = {
    heads: architecture.heads,
    dropoutRate: 0,
    attentionDropoutRate: 0,
    headDropoutRate: 0,
    maskedScore: -1e9,
  };
  return {
    async predict(ids, positions) {
      const logits = tf.tidy(() => {
        const batch = singleSequence(device, ids, positions);
        return pretrainingLogits(device, operations, weights.named, batch, options, noDropout).maskedLm;
      });
      const values = (await logits.data()) as Float32Array;
      logits.dispose();
      return values;
    },
    dispose: weights.dispose,
  };
}

/** The model's weights for `pretrainingLogits`. The next-sentence head, which a model saved for masked LM alone lacks, is zeros there. */
export function modelWeightsOn(device: Device, model: Model): Weights {
  return createWeights(device, model.config.architecture, (variable) => {
    const { name, shape } = modelTensor(variable);
    const absent = isNextSentenceHead(variable) && !model.tensors.has(name);
    return absent
      ? new Float32Array(shape.reduce((product, extent) => product * extent))
      : readVariable(model, variable);
  });
}

function isNextSentenceHead({ key }: Variable): boolean {
  return key.startsWith('next_sentence..') || key.startsWith('model/classification_heads/');
}

function singleSequence({ tf }: Device, ids: readonly number[], positions: readonly number[]): PretrainingBatch {
  return {
    batch: 1,
    positions: ids.length,
    wordIds: tf.tensor1d([...ids], 'int32'),
    typeIds: tf.zeros([ids.length], 'int32'),
    inputMask: tf.ones([1, ids.length]),
    maskedRows: tf.tensor1d([...positions], 'int32'),
    maskedIds: tf.zeros([positions.length], 'int32'),
    maskedWeights: tf.ones([positions.length]),
    nextSentenceLabels: tf.zeros([1], 'int32'),
    sequenceWeights: tf.ones([1]),
  };
}
