/** Which tensor of a Hugging Face model holds which variable of a checkpoint: the converter's rules, for both directions. */
import type { Variable } from '../bert/model/variables.ts';
import { computeShape } from '../bert/model/weights.ts';

export interface ModelTensor {
  readonly name: string;
  /** A kernel [in, out] is a weight [out, in]. */
  readonly transposed: boolean;
  readonly shape: readonly number[];
}

const fixed: Readonly<Record<string, string>> = {
  'masked_lm/embedding_table': 'bert.embeddings.word_embeddings.weight',
  'encoder/layer_with_weights-1/embeddings': 'bert.embeddings.position_embeddings.weight',
  'encoder/layer_with_weights-2/embeddings': 'bert.embeddings.token_type_embeddings.weight',
  'masked_lm/output_bias.Sbias': 'cls.predictions.bias',
};

const modules: Readonly<Record<string, string>> = {
  'encoder/layer_with_weights-3': 'bert.embeddings.LayerNorm',
  'next_sentence..pooler_dense': 'bert.pooler.dense',
  'masked_lm/dense': 'cls.predictions.transform.dense',
  'masked_lm/layer_norm': 'cls.predictions.transform.LayerNorm',
  'model/classification_heads/0/out_proj': 'cls.seq_relationship',
};

const layerModules: Readonly<Record<string, string>> = {
  '_attention_layer/_query_dense': 'attention.self.query',
  '_attention_layer/_key_dense': 'attention.self.key',
  '_attention_layer/_value_dense': 'attention.self.value',
  '_attention_layer/_output_dense': 'attention.output.dense',
  _attention_layer_norm: 'attention.output.LayerNorm',
  _intermediate_dense: 'intermediate.dense',
  _output_dense: 'output.dense',
  _output_layer_norm: 'output.LayerNorm',
};

const parameters: Readonly<Record<string, string>> = { kernel: 'weight', gamma: 'weight', bias: 'bias', beta: 'bias' };

/** The tensor of a trained variable (the untrained `pooler_transform` has none: throws). */
export function modelTensor(variable: Variable): ModelTensor {
  const shape = computeShape(variable);
  const transposed = variable.key.endsWith('/kernel');
  return { name: tensorName(variable.key), transposed, shape: transposed ? shape.toReversed() : shape };
}

function tensorName(key: string): string {
  const known = fixed[key];
  if (known !== undefined) return known;
  const slash = key.lastIndexOf('/');
  const [owner, parameter] = [key.slice(0, slash), parameters[key.slice(slash + 1)]];
  const [, index, inner] = /^encoder\/layer_with_weights-(\d+)\/(.+)$/.exec(owner) ?? [];
  const layerModule = inner === undefined ? undefined : layerModules[inner];
  const module = layerModule === undefined ? modules[owner] : `bert.encoder.layer.${Number(index) - 4}.${layerModule}`;
  if (module === undefined || parameter === undefined) throw new Error(`no tensor of a model holds ${key}`);
  return `${module}.${parameter}`;
}
