/** Rows of a batch of records as tensors: the inputs of a (traced) function, and the batch that the model makes of them. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../../devices/device.ts';
import type { Batch } from '../../pretraining/records/read-batches.ts';
import type { PretrainingBatch } from '../model/pretraining-model.ts';

export type Inputs = Readonly<Record<string, Tensor>>;

export interface BatchShape {
  readonly microBatch: number;
  /** Positions of a sequence, S, and predictions in it, P. */
  readonly positions: number;
  readonly predictions: number;
}

/** Of a batch: sequences from `begin` to `end`. */
export interface Rows {
  readonly begin: number;
  readonly end: number;
}

/** The first `microBatch` of these rows; what is missing of them is padding without weight. */
export function microBatchInputs(tf: Tensorflow, batch: Batch, { begin, end }: Rows, shape: BatchShape): Inputs {
  const { microBatch: B, positions: S, predictions: P } = shape;
  const last = Math.min(end, begin + B);
  const integers = (values: Int32Array, width: number) => {
    const rows = new Int32Array(B * width);
    rows.set(values.subarray(begin * width, last * width));
    return rows;
  };
  const floats = (values: Int32Array | Float32Array, width: number) => {
    const rows = new Float32Array(B * width);
    rows.set(values.subarray(begin * width, last * width));
    return rows;
  };
  const positions = integers(batch.maskedPositions, P);
  return {
    wordIds: tf.tensor1d(integers(batch.inputWordIds, S), 'int32'),
    typeIds: tf.tensor1d(integers(batch.inputTypeIds, S), 'int32'),
    inputMask: tf.tensor2d(floats(batch.inputMask, S), [B, S]),
    maskedRows: tf.tensor1d(
      positions.map((position, i) => Math.floor(i / P) * S + position),
      'int32',
    ),
    maskedIds: tf.tensor1d(integers(batch.maskedIds, P), 'int32'),
    maskedWeights: tf.tensor1d(floats(batch.maskedWeights, P)),
    nextSentenceLabels: tf.tensor1d(integers(batch.nextSentenceLabels, 1), 'int32'),
    sequenceWeights: tf.tensor1d(Float32Array.from({ length: B }, (_, i) => (begin + i < last ? 1 : 0))),
  };
}

export function microBatchOf(inputs: Inputs, { microBatch, positions }: BatchShape): PretrainingBatch {
  return {
    batch: microBatch,
    positions,
    wordIds: inputs.wordIds as Tensor1D,
    typeIds: inputs.typeIds as Tensor1D,
    inputMask: inputs.inputMask as Tensor2D,
    maskedRows: inputs.maskedRows as Tensor1D,
    maskedIds: inputs.maskedIds as Tensor1D,
    maskedWeights: inputs.maskedWeights as Tensor1D,
    nextSentenceLabels: inputs.nextSentenceLabels as Tensor1D,
    sequenceWeights: inputs.sequenceWeights as Tensor1D,
  };
}

/** For recording: shapes matter, numbers do not. */
export function batchOfZeros({ microBatch: B, positions: S, predictions: P }: BatchShape): Batch {
  return {
    size: B,
    inputWordIds: new Int32Array(B * S),
    inputMask: new Int32Array(B * S).fill(1),
    inputTypeIds: new Int32Array(B * S),
    maskedPositions: new Int32Array(B * P),
    maskedIds: new Int32Array(B * P),
    maskedWeights: new Float32Array(B * P).fill(1),
    nextSentenceLabels: new Int32Array(B),
    position: { epoch: 0, index: 0 },
  };
}
