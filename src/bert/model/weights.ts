/** The variables of a model on a device, under the names that the forward pass uses. Attention kernels are flattened to two dimensions. */
import type { Variable as DeviceVariable, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Device } from '../../devices/device.ts';
import type { Architecture } from './architecture.ts';
import { modelVariables, type Variable } from './variables.ts';

export interface Dense {
  readonly kernel: Tensor2D;
  readonly bias: Tensor1D;
}

export interface Norm {
  readonly gamma: Tensor1D;
  readonly beta: Tensor1D;
}

export interface LayerWeights {
  readonly query: Dense; // [H, H]
  readonly key: Dense;
  readonly value: Dense;
  readonly attentionOutput: Dense; // [H, H]
  readonly attentionNorm: Norm;
  readonly intermediate: Dense; // [H, I]
  readonly output: Dense; // [I, H]
  readonly outputNorm: Norm;
}

export interface EncoderWeights {
  readonly words: Tensor2D; // [V, H]
  readonly positions: Tensor2D; // [P, H]
  readonly types: Tensor2D; // [T, H]
  readonly embeddingNorm: Norm;
  readonly layers: readonly LayerWeights[];
}

export interface PretrainingWeights extends EncoderWeights {
  readonly maskedLm: { readonly dense: Dense; readonly norm: Norm; readonly bias: Tensor1D };
  readonly pooler: Dense;
  readonly nextSentence: Dense; // [H, 2]
}

export interface TrainedVariable {
  readonly described: Variable;
  readonly device: DeviceVariable;
}

export interface Weights {
  readonly named: PretrainingWeights;
  /** Those that training changes, in the checkpoint's order. */
  readonly trained: readonly TrainedVariable[];
  dispose(): void;
}

/** [H, heads, d] and [heads, d, H] as [H, H], [heads, d] as [H]: the same numbers in the same order. */
export function computeShape({ key, shape }: Variable): number[] {
  const inAttention = key.includes('/_attention_layer/');
  if (!inAttention) return [...shape];
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (key.endsWith('/bias')) return [size];
  const outputs = key.includes('/_output_dense/') ? shape.at(-1)! : size / shape[0]!;
  return [size / outputs, outputs];
}

/** Puts the trained variables on the device. `valuesOf` gives each its numbers, row-major. */
export function createWeights(
  device: Device,
  architecture: Architecture,
  valuesOf: (variable: Variable) => Float32Array,
): Weights {
  const described = modelVariables(architecture).filter((variable) => variable.trained);
  const trained = placeVariables(device, described, valuesOf);
  const named = namedVariables(trained);
  return {
    named: {
      ...encoderWeights(named, architecture.layers),
      maskedLm: {
        dense: named.dense('masked_lm/dense'),
        norm: named.norm('masked_lm/layer_norm'),
        bias: named.vector('masked_lm/output_bias.Sbias'),
      },
      pooler: named.dense(poolerKey),
      nextSentence: named.dense('model/classification_heads/0/out_proj'),
    },
    trained,
    dispose: () => device.tf.dispose(trained.map(({ device }) => device)),
  };
}

/** The dense layer over [CLS] that next-sentence prediction trains, and fine-tuning goes on from. */
export const poolerKey = 'next_sentence..pooler_dense';

/** Variables on the device, with the numbers that `valuesOf` gives them, row-major. */
export function placeVariables(
  { tf }: Device,
  variables: readonly Variable[],
  valuesOf: (variable: Variable) => Float32Array,
): TrainedVariable[] {
  return variables.map((described) => {
    const initial = tf.tensor(valuesOf(described), computeShape(described), 'float32');
    const device = tf.variable(initial, true, undefined, 'float32');
    initial.dispose();
    return { described, device };
  });
}

/** Variables by what they are to a layer; `key` is the layer's. */
export interface NamedVariables {
  matrix(key: string): Tensor2D;
  vector(key: string): Tensor1D;
  dense(key: string): Dense;
  norm(key: string): Norm;
}

export function namedVariables(variables: readonly TrainedVariable[]): NamedVariables {
  const byKey = new Map(variables.map(({ described, device }) => [described.key, device]));
  const matrix = (key: string) => byKey.get(key)! as unknown as Tensor2D;
  const vector = (key: string) => byKey.get(key)! as unknown as Tensor1D;
  return {
    matrix,
    vector,
    dense: (key) => ({ kernel: matrix(`${key}/kernel`), bias: vector(`${key}/bias`) }),
    norm: (key) => ({ gamma: vector(`${key}/gamma`), beta: vector(`${key}/beta`) }),
  };
}

export function encoderWeights({ matrix, dense, norm }: NamedVariables, layers: number): EncoderWeights {
  const encoder = (index: number) => `encoder/layer_with_weights-${index}`;
  return {
    words: matrix('masked_lm/embedding_table'),
    positions: matrix(`${encoder(1)}/embeddings`),
    types: matrix(`${encoder(2)}/embeddings`),
    embeddingNorm: norm(encoder(3)),
    layers: Array.from({ length: layers }, (_, i) => {
      const layer = encoder(4 + i);
      return {
        query: dense(`${layer}/_attention_layer/_query_dense`),
        key: dense(`${layer}/_attention_layer/_key_dense`),
        value: dense(`${layer}/_attention_layer/_value_dense`),
        attentionOutput: dense(`${layer}/_attention_layer/_output_dense`),
        attentionNorm: norm(`${layer}/_attention_layer_norm`),
        intermediate: dense(`${layer}/_intermediate_dense`),
        output: dense(`${layer}/_output_dense`),
        outputNorm: norm(`${layer}/_output_layer_norm`),
      };
    }),
  };
}
