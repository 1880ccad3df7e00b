/** Where Keras keeps the weights of TFBertForPreTraining in tf_model.h5: a group a layer, in it a data set a weight. */
import type { WeightInfo } from '../weight.ts';

const model = 'tf_bert_for_pre_training';

/** The layers in Keras' order, and how the names of their weights begin in the PyTorch model. */
export const layers = [
  { name: 'bert', begins: 'bert.' },
  { name: 'nsp___cls', begins: 'cls.seq_relationship.' },
  { name: 'mlm___cls', begins: 'cls.predictions.' },
] as const;

const layerNames: ReadonlySet<string> = new Set(layers.map(({ name }) => name));

/** A weight's name in Keras. */
export function kerasName({ name, transposed }: Pick<WeightInfo, 'name' | 'transposed'>): string {
  const layer = layers.find(({ begins }) => name.startsWith(begins))!.name;
  const parts = [layer, ...name.split('.').slice(1)];
  const [module, parameter] = [parts.at(-2)!, parts.at(-1)!];
  const renamed =
    module === 'LayerNorm'
      ? { weight: 'gamma', bias: 'beta' }[parameter]
      : transposed
        ? 'kernel'
        : module === 'position_embeddings' || module === 'token_type_embeddings'
          ? 'embeddings'
          : parameter;
  const path = [...parts.slice(0, -1), renamed].join('/').replace(/\/layer\/(\d+)\//, '/layer_._$1/');
  return `${model}/${path}:0`;
}

/** The PyTorch model's name of a data set `…/bert/…:0`, `…/mlm___cls/…:0` or `…/nsp___cls/…:0`; undefined for any other. */
export function nameOfKerasName(keras: string): Pick<WeightInfo, 'name' | 'transposed'> | undefined {
  const parts = keras.replace(/:0$/, '').split('/');
  const layer = parts.findIndex((part) => layerNames.has(part));
  if (layer < 0 || parts.length < layer + 2) return undefined;
  const parameter = parts.at(-1)!;
  const renamed = { gamma: 'weight', kernel: 'weight', embeddings: 'weight', beta: 'bias' }[parameter] ?? parameter;
  const module = parts
    .slice(layer + 1, -1)
    .map((part) => part.replace(/^layer_\._(\d+)$/, 'layer.$1'))
    .join('.');
  const root = parts[layer] === 'bert' ? 'bert' : 'cls';
  return { name: [root, module, renamed].filter((part) => part !== '').join('.'), transposed: parameter === 'kernel' };
}

/** Names of the weights that a layer lists. The masked-LM layer lists the embeddings too, since it shares their layer. */
export function layerWeights(layer: (typeof layers)[number], weights: readonly WeightInfo[]): string[] {
  const own = weights.filter(({ name }) => name.startsWith(layer.begins));
  const embeddings =
    layer.name === 'mlm___cls' ? weights.filter(({ name }) => name.startsWith('bert.embeddings.')) : [];
  return typesBeforePositions([...own, ...embeddings].map(kerasName));
}

/** The order in which Keras creates the embeddings. */
function typesBeforePositions(names: readonly string[]): string[] {
  const types = names.filter((name) => name.includes('token_type_embeddings'));
  return names.flatMap((name) => {
    if (name.includes('position_embeddings')) return [...types, name];
    return types.includes(name) ? [] : [name];
  });
}
