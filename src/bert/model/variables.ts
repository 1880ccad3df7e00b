/**
 * The variables of Model Garden's BERT pretrainer (official/nlp/modeling/models/bert_pretrainer.py, BertPretrainerV2) as the
 * tree of objects that its checkpoints describe. Names, shapes and the order on disk all follow from this one tree.
 */
import { breadthFirst, type Slot, type Trackable } from '../../tensorflow/bundle/object-graph.ts';
import type { Architecture } from './architecture.ts';

export interface Variable {
  /** Name in the checkpoint, without the attribute suffix. */
  readonly key: string;
  /** Name in TensorFlow: decides weight decay. */
  readonly fullName: string;
  readonly shape: readonly number[];
  readonly initial: 'truncated-normal' | 'normal' | 'glorot-uniform' | 'zeros' | 'ones';
  /** False for the pooler that Model Garden's encoder carries along but pretraining does not use. */
  readonly trained: boolean;
}

interface VariableNode extends Trackable {
  readonly variable: Variable;
}

interface Tree {
  readonly root: Trackable;
  readonly optimizer: Trackable;
}

const leaf: () => Trackable = () => ({ children: [] });

function variable(
  key: string,
  fullName: string,
  shape: readonly number[],
  initial: Variable['initial'] = 'truncated-normal',
  trained = true,
): VariableNode {
  return { children: [], variable: { key, fullName, shape, initial, trained } };
}

function dense(
  key: string,
  fullName: string,
  kernel: readonly number[],
  bias: readonly number[],
  initial?: Variable['initial'],
): [string, Trackable][] {
  return [
    ['kernel', variable(`${key}/kernel`, `${fullName}/kernel`, kernel, initial)],
    ['bias', variable(`${key}/bias`, `${fullName}/bias`, bias, 'zeros')],
  ];
}

/** Keras' EinsumDense also tracks two lists of extents. */
function einsumDense(key: string, fullName: string, kernel: readonly number[], bias: readonly number[]): Trackable {
  return {
    children: [['partial_output_shape', leaf()], ['full_output_shape', leaf()], ...dense(key, fullName, kernel, bias)],
  };
}

function layerNorm(key: string, fullName: string, width: number): Trackable {
  return {
    children: [
      ['axis', leaf()],
      ['gamma', variable(`${key}/gamma`, `${fullName}/gamma`, [width], 'ones')],
      ['beta', variable(`${key}/beta`, `${fullName}/beta`, [width], 'zeros')],
    ],
  };
}

function transformerLayer(index: number, { hiddenSize: H, heads, intermediateSize: I }: Architecture): Trackable {
  const key = `encoder/layer_with_weights-${4 + index}`;
  const name = `transformer/layer_${index}`;
  const d = H / heads;
  const projection = (which: 'query' | 'key' | 'value') =>
    einsumDense(
      `${key}/_attention_layer/_${which}_dense`,
      `${name}/self_attention/${which}`,
      [H, heads, d],
      [heads, d],
    );
  const attention: Trackable = {
    children: [
      ['_query_dense', projection('query')],
      ['_key_dense', projection('key')],
      ['_value_dense', projection('value')],
      ['_softmax', leaf()],
      ['_dropout_layer', leaf()],
      [
        '_output_dense',
        einsumDense(
          `${key}/_attention_layer/_output_dense`,
          `${name}/self_attention/attention_output`,
          [heads, d, H],
          [H],
        ),
      ],
    ],
  };
  const attentionNorm = layerNorm(`${key}/_attention_layer_norm`, `${name}/self_attention_layer_norm`, H);
  return {
    children: [
      ['_attention_layer', attention],
      ['_attention_dropout', leaf()],
      ['_attention_layer_norm', attentionNorm],
      ['_attention_layer_norm_kv', attentionNorm],
      ['_intermediate_dense', einsumDense(`${key}/_intermediate_dense`, `${name}/intermediate`, [H, I], [I])],
      ['_intermediate_activation_layer', leaf()],
      ['_inner_dropout_layer', leaf()],
      ['_output_dense', einsumDense(`${key}/_output_dense`, `${name}/output`, [I, H], [H])],
      ['_output_dropout', leaf()],
      ['_output_layer_norm', layerNorm(`${key}/_output_layer_norm`, `${name}/output_layer_norm`, H)],
    ],
  };
}

/** The encoder is a Keras functional model: every layer hangs under `layer-i`, those with weights also under `layer_with_weights-j`. */
function encoder(architecture: Architecture, wordEmbeddings: VariableNode): Trackable {
  const { hiddenSize: H, maxPositions, typeVocabSize, layers } = architecture;
  const key = (index: number) => `encoder/layer_with_weights-${index}`;
  const word: Trackable = { children: [['embeddings', wordEmbeddings]] };
  const positions = variable(`${key(1)}/embeddings`, 'position_embedding/embeddings', [maxPositions, H]);
  const position: Trackable = {
    children: [
      ['embeddings', positions],
      ['_position_embeddings', positions],
    ],
  };
  const types: Trackable = {
    children: [['embeddings', variable(`${key(2)}/embeddings`, 'type_embeddings/embeddings', [typeVocabSize, H])]],
  };
  const norm = layerNorm(key(3), 'embeddings/layer_norm', H);
  const transformers = Array.from({ length: layers }, (_, i) => transformerLayer(i, architecture));
  const pooler: Trackable = {
    children: [
      ['kernel', variable(`${key(4 + layers)}/kernel`, 'pooler_transform/kernel', [H, H], 'truncated-normal', false)],
      ['bias', variable(`${key(4 + layers)}/bias`, 'pooler_transform/bias', [H], 'zeros', false)],
    ],
  };
  const sequence: readonly { readonly layer: Trackable; readonly weighted: boolean }[] = [
    { layer: leaf(), weighted: false },
    { layer: word, weighted: true },
    { layer: leaf(), weighted: false },
    { layer: position, weighted: true },
    { layer: types, weighted: true },
    { layer: leaf(), weighted: false },
    { layer: norm, weighted: true },
    ...[leaf(), leaf(), leaf()].map((layer) => ({ layer, weighted: false })),
    ...transformers.map((layer) => ({ layer, weighted: true })),
    { layer: leaf(), weighted: false },
    { layer: pooler, weighted: true },
  ];
  let weighted = 0;
  const children = sequence.flatMap(({ layer, weighted: hasWeights }, i): [string, Trackable][] =>
    hasWeights
      ? [
          [`layer_with_weights-${weighted++}`, layer],
          [`layer-${i}`, layer],
        ]
      : [[`layer-${i}`, layer]],
  );
  return {
    children: [
      ...children,
      ['_pooler_layer', pooler],
      ['_transformer_layers', { children: transformers.map((layer, i) => [String(i), layer]) }],
      ['_embedding_norm_layer', norm],
      ['_embedding_layer', word],
      ['_position_embedding_layer', position],
      ['_type_embedding_layer', types],
    ],
  };
}

const counter = (key: string, fullName = key): Trackable => ({ children: [], variable: { key, fullName } });

/** The checkpoint's tree of objects. Counters and the optimizer's scalars are in it; its slots are `slotsOf`. */
export function pretrainerTree(architecture: Architecture): Tree {
  const { hiddenSize: H, vocabSize: V } = architecture;
  const wordEmbeddings = variable('masked_lm/embedding_table', 'word_embeddings/embeddings', [V, H]);
  const encoderNode = encoder(architecture, wordEmbeddings);
  const outputBias = variable('masked_lm/output_bias.Sbias', 'bert/cls/predictions/output_bias/bias', [V], 'zeros');
  const maskedLm: Trackable = {
    children: [
      ['embedding_table', wordEmbeddings],
      ['dense', { children: dense('masked_lm/dense', 'bert/cls/predictions/transform/dense', [H, H], [H]) }],
      ['layer_norm', layerNorm('masked_lm/layer_norm', 'bert/cls/predictions/transform/LayerNorm', H)],
      ['output_bias/bias', outputBias],
      ['bias', outputBias],
    ],
  };
  const poolerDense: Trackable = {
    children: dense('next_sentence..pooler_dense', 'bert/next_sentence/pooler_dense', [H, H], [H], 'glorot-uniform'),
  };
  const logits: Trackable = {
    children: [
      [
        'kernel',
        variable(
          'model/classification_heads/0/out_proj/kernel',
          'bert/next_sentence/logits/kernel',
          [H, 2],
          'glorot-uniform',
        ),
      ],
      ['bias', variable('model/classification_heads/0/out_proj/bias', 'bert/next_sentence/logits/bias', [2], 'zeros')],
    ],
  };
  const head: Trackable = {
    children: [
      ['dense', poolerDense],
      ['dropout', leaf()],
      ['out_proj', logits],
    ],
  };
  const headList: Trackable = { children: [['0', head]] };
  const configHeads: Trackable = { children: [['0', head]] };
  const optimizer: Trackable = {
    children: ['iter', 'beta_1', 'beta_2', 'decay'].map((name) => [
      name,
      counter(`optimizer/${name}`, `AdamWeightDecay/${name}`),
    ]),
  };
  const model: Trackable = {
    children: [
      [
        '_config',
        {
          children: [
            ['encoder_network', encoderNode],
            ['classification_heads', configHeads],
          ],
        },
      ],
      ['encoder_network', encoderNode],
      ['classification_heads', headList],
      ['masked_lm', maskedLm],
      ['inputs', leaf()],
    ],
  };
  const root: Trackable = {
    children: [
      ['encoder', encoderNode],
      ['global_step', counter('global_step')],
      ['masked_lm', maskedLm],
      ['model', model],
      ['next_sentence.pooler_dense', poolerDense],
      ['optimizer', optimizer],
      ['save_counter', counter('save_counter')],
    ],
  };
  return { root, optimizer };
}

const isModelVariable = (node: Trackable): node is VariableNode =>
  node.variable !== undefined && 'shape' in node.variable;

/** The model's weights in the order of the checkpoint. */
export function modelVariables(architecture: Architecture): Variable[] {
  return breadthFirst(pretrainerTree(architecture).root)
    .filter(isModelVariable)
    .map((node) => node.variable);
}

/** The optimizer's moments of the trained weights: all m, then all v. */
export function slotsOf({ root }: Tree): Slot[] {
  const trained = breadthFirst(root)
    .filter(isModelVariable)
    .filter((node) => node.variable.trained);
  return ['m', 'v'].flatMap((name) =>
    trained.map((node) => ({
      of: node,
      name,
      variable: {
        key: `${node.variable.key}/.OPTIMIZER_SLOT/optimizer/${name}`,
        fullName: `AdamWeightDecay/${node.variable.fullName}/${name}`,
      },
    })),
  );
}
