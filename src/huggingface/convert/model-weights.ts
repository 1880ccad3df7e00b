/** The weights of a model in the order of PyTorch's state dict, with the variables of a checkpoint that hold them. */
import type { Architecture } from '../../bert/model/architecture.ts';
import { modelVariables, type Variable } from '../../bert/model/variables.ts';
import { modelTensor } from '../tensor-names.ts';
import type { WeightInfo } from '../weights/weight.ts';

export interface ModelWeight extends WeightInfo {
  readonly variable: Variable;
}

export function modelWeights(architecture: Architecture): ModelWeight[] {
  const variables = modelVariables(architecture).filter(({ trained }) => trained);
  const byName = new Map(
    variables.map((variable): [string, ModelWeight] => {
      const tensor = modelTensor(variable);
      return [tensor.name, { ...tensor, variable }];
    }),
  );
  return stateDictNames(architecture.layers).map((name) => byName.get(name)!);
}

function stateDictNames(layers: number): string[] {
  const both = (module: string) => [`${module}.weight`, `${module}.bias`];
  return [
    'bert.embeddings.word_embeddings.weight',
    'bert.embeddings.position_embeddings.weight',
    'bert.embeddings.token_type_embeddings.weight',
    ...both('bert.embeddings.LayerNorm'),
    ...Array.from({ length: layers }, (_, i) =>
      [
        'attention.self.query',
        'attention.self.key',
        'attention.self.value',
        'attention.output.dense',
        'attention.output.LayerNorm',
        'intermediate.dense',
        'output.dense',
        'output.LayerNorm',
      ].flatMap((module) => both(`bert.encoder.layer.${i}.${module}`)),
    ).flat(),
    ...both('bert.pooler.dense'),
    'cls.predictions.bias',
    ...both('cls.predictions.transform.dense'),
    ...both('cls.predictions.transform.LayerNorm'),
    ...both('cls.seq_relationship'),
  ];
}
