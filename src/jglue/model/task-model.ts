/**
 * BERT with a task's output layer, and its loss, as in transformers 4.9: BertForSequenceClassification, BertForMultipleChoice and
 * BertForQuestionAnswering. B examples, C classes or choices, R = B rows of S positions (5B for choices), N = R·S.
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Dropout } from '../../bert/model/dropout.ts';
import { type EncoderInput, type EncoderOptions, encode, firstTokens } from '../../bert/model/encoder.ts';
import type { Operations } from '../../bert/model/operations.ts';
import type { Device } from '../../devices/device.ts';
import { choiceCount, type TaskKind } from '../tasks/task.ts';
import type { TaskWeights } from './task-weights.ts';

/** Added to the scores of padding in transformers 4.9. */
export const maskedScore = -10_000;

/** Scores [B, C]; a number [B, 1]; the scores of starts, then those of ends, [2B, S]. */
export function taskLogits(
  device: Device,
  ops: Operations,
  kind: TaskKind,
  { encoder, pooler, head }: TaskWeights,
  input: EncoderInput,
  options: EncoderOptions,
  dropout: Dropout,
): Tensor2D {
  const { tf } = device;
  const hidden = encode(device, ops, encoder, input, options, dropout); // [N, H]
  if (pooler === undefined) {
    const scores = tf.reshape(ops.dense(hidden, head.kernel, head.bias), [input.batch, input.positions, 2]);
    return tf.reshape(tf.transpose(scores, [2, 0, 1]), [2 * input.batch, input.positions]);
  }
  const first = firstTokens(device, hidden, input.batch); // [R, H]
  const pooled = dropout(tf.tanh(ops.dense(first, pooler.kernel, pooler.bias)), options.dropoutRate);
  const scores = ops.dense(pooled, head.kernel, head.bias); // [R, outputs]
  return kind === 'choice' ? tf.reshape(scores, [input.batch / choiceCount, choiceCount]) : scores;
}

/** Mean over examples, each with its weight 1 / B (0 for padding of a last, smaller batch). */
export function taskLoss(
  { tf }: Device,
  ops: Operations,
  kind: TaskKind,
  logits: Tensor2D,
  /** Classes or choices [B] int32; numbers [B] float32; starts, then ends [2B] int32. */
  targets: Tensor,
  weights: Tensor1D, // [B]
): Scalar {
  if (kind === 'regression') {
    return tf.sum(tf.mul(tf.square(tf.sub(tf.reshape(logits, [-1]), targets)), weights));
  }
  if (kind !== 'span') return ops.crossEntropy(logits, targets as Tensor1D, weights);
  // The mean of both ends' losses.
  const halves = tf.mul(tf.concat([weights, weights]), 0.5) as Tensor1D;
  return ops.crossEntropy(logits, targets as Tensor1D, halves);
}
