/** The encoder: token ids to hidden states. Post-layer-normalised, as the original BERT. B batch, S positions, N = B·S, H width, A heads, d = H / A. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import type { Dropout } from './dropout.ts';
import type { Operations } from './operations.ts';
import type { Dense, EncoderWeights, LayerWeights } from './weights.ts';

export interface EncoderInput {
  readonly batch: number;
  readonly positions: number;
  readonly wordIds: Tensor1D; // [N] int32
  readonly typeIds: Tensor1D; // [N] int32
  /** 1 for a token, 0 for padding. */
  readonly inputMask: Tensor2D; // [B, S] float32
}

export interface EncoderOptions {
  readonly heads: number;
  readonly dropoutRate: number;
  readonly attentionDropoutRate: number;
  /** On what attention adds to the residual: the attention's own rate in Model Garden, and unless given. */
  readonly attentionOutputDropoutRate?: number;
  /** Added to the scores of padding: −10⁹ in Model Garden, −10⁴ in transformers 4.9. */
  readonly maskedScore: number;
  /** A token whose embedding stays as it is: [PAD] in PyTorch's models. */
  readonly frozenToken?: number;
}

export function encode(
  { tf }: Device,
  ops: Operations,
  weights: EncoderWeights,
  input: EncoderInput,
  options: EncoderOptions,
  dropout: Dropout,
): Tensor2D {
  const { batch: B, positions: S } = input;
  const { heads: A, dropoutRate, attentionDropoutRate, maskedScore, frozenToken } = options;
  const attentionOutputDropoutRate = options.attentionOutputDropoutRate ?? attentionDropoutRate;
  const H = weights.words.shape[1];
  const dense = (x: Tensor2D, { kernel, bias }: Dense) => ops.dense(x, kernel, bias);

  const mask: Tensor = tf.reshape(tf.mul(tf.sub(1, input.inputMask), maskedScore), [1, B, 1, S]);

  const attend = (x: Tensor2D, { query, key, value, attentionOutput }: LayerWeights): Tensor2D => {
    const keep = dropout.factors([A * B, S, S], attentionDropoutRate);
    return dense(ops.selfAttention(x, { query, key, value, batch: B, heads: A, mask, keep }), attentionOutput); // [N, H]
  };

  const transform = (x: Tensor2D, layer: LayerWeights): Tensor2D => {
    const attended = dropout(attend(x, layer), attentionOutputDropoutRate);
    const middle = ops.layerNorm(tf.add(x, attended), layer.attentionNorm.gamma, layer.attentionNorm.beta);
    const fed = dropout(dense(ops.gelu(dense(middle, layer.intermediate)), layer.output), dropoutRate);
    return ops.layerNorm(tf.add(middle, fed), layer.outputNorm.gamma, layer.outputNorm.beta);
  };

  const words = ops.gather(weights.words, input.wordIds, frozenToken); // [N, H]
  const types = ops.gather(weights.types, input.typeIds);
  const positions = tf.slice(weights.positions, [0, 0], [S, H]);
  const summed = tf.reshape(tf.add(tf.reshape(tf.add(words, types), [B, S, H]), positions), [B * S, H]) as Tensor2D;
  const { gamma, beta } = weights.embeddingNorm;
  return weights.layers.reduce(transform, dropout(ops.layerNorm(summed, gamma, beta), dropoutRate));
}

/** The hidden states of each sequence's first token, [CLS]. */
export function firstTokens({ tf }: Device, hidden: Tensor2D, batch: number): Tensor2D {
  const [rows, H] = hidden.shape;
  return tf.reshape(tf.slice(tf.reshape(hidden, [batch, rows / batch, H]), [0, 0, 0], [batch, 1, H]), [batch, H]);
}
