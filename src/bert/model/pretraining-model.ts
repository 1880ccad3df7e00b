/** Masked-LM and next-sentence heads on the encoder, and their losses, as Model Garden's BertPretrainerV2 and its task compute them. */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import type { Dropout } from './dropout.ts';
import { type EncoderInput, type EncoderOptions, encode, firstTokens } from './encoder.ts';
import type { Operations } from './operations.ts';
import type { PretrainingWeights } from './weights.ts';

/** M masked positions of all sequences together: batch × max_predictions_per_seq. */
export interface PretrainingBatch extends EncoderInput {
  /** Rows of the hidden states: sequence × S + position. */
  readonly maskedRows: Tensor1D; // [M] int32
  readonly maskedIds: Tensor1D; // [M] int32
  readonly maskedWeights: Tensor1D; // [M] 1 or, for padding, 0
  readonly nextSentenceLabels: Tensor1D; // [B] int32
  /** 1 for a sequence, 0 for padding of a last, smaller batch. */
  readonly sequenceWeights: Tensor1D; // [B]
}

export interface Logits {
  readonly maskedLm: Tensor2D; // [M, V]
  readonly nextSentence: Tensor2D; // [B, 2]
}

export interface Losses {
  /** Σ weight · cross-entropy of the masked tokens, not yet divided by Σ weight. */
  readonly maskedLm: Scalar;
  /** Σ cross-entropy of the next-sentence labels, not yet divided by B. */
  readonly nextSentence: Scalar;
  /** Σ weight · (the likeliest token is right), and how many next-sentence answers are. */
  readonly maskedLmCorrect: Scalar;
  readonly nextSentenceCorrect: Scalar;
}

export interface ModelOptions extends EncoderOptions {
  readonly headDropoutRate: number;
}

export function pretrainingLogits(
  device: Device,
  ops: Operations,
  weights: PretrainingWeights,
  batch: PretrainingBatch,
  options: ModelOptions,
  dropout: Dropout,
): Logits {
  const { tf } = device;
  const hidden = encode(device, ops, weights, batch, options, dropout); // [N, H]

  const { dense, norm, bias } = weights.maskedLm;
  const masked = ops.gather(hidden, batch.maskedRows); // [M, H]
  const predicted = ops.layerNorm(ops.gelu(ops.dense(masked, dense.kernel, dense.bias)), norm.gamma, norm.beta);
  const maskedLm = ops.project(predicted, weights.words, bias); // [M, V]

  const { pooler, nextSentence } = weights;
  const first = firstTokens(device, hidden, batch.batch); // [B, H]
  const pooled = dropout(tf.tanh(ops.dense(first, pooler.kernel, pooler.bias)), options.headDropoutRate);
  return { maskedLm, nextSentence: ops.dense(pooled, nextSentence.kernel, nextSentence.bias) };
}

export function pretrainingLosses({ tf }: Device, ops: Operations, logits: Logits, batch: PretrainingBatch): Losses {
  const correct = (predicted: Tensor2D, labels: Tensor1D, weights: Tensor1D): Scalar =>
    tf.sum(tf.mul(tf.cast(tf.equal(tf.cast(tf.argMax(predicted, -1), 'int32'), labels), 'float32'), weights));
  return {
    maskedLm: ops.crossEntropy(logits.maskedLm, batch.maskedIds, batch.maskedWeights),
    nextSentence: ops.crossEntropy(logits.nextSentence, batch.nextSentenceLabels, batch.sequenceWeights),
    maskedLmCorrect: correct(logits.maskedLm, batch.maskedIds, batch.maskedWeights),
    nextSentenceCorrect: correct(logits.nextSentence, batch.nextSentenceLabels, batch.sequenceWeights),
  };
}
