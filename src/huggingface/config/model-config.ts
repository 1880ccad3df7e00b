/** `config.json` for a converted model, from Model Garden's configuration or from a BERT `config.json`. */
import { z } from 'zod';
import { bertSchema } from '../../bert/config/schema.ts';
import type { Architecture } from '../../bert/model/architecture.ts';
import { ModelError } from '../model-error.ts';
import { bertConfig, bertConfigSchema } from './bert-config.ts';
import { checked } from './read-json.ts';

export const hiddenActs = ['gelu', 'gelu_new'] as const;

/** `gelu` (erf) as the published configurations say, or `gelu_new` (tanh) as Model Garden trains. */
export type HiddenAct = (typeof hiddenActs)[number];

export interface ModelConfig {
  readonly architecture: Architecture;
  /** What config.json holds, keys in order. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The activation that `source` was trained with, where it says so. */
  readonly trainedWith: HiddenAct | undefined;
}

const modelGarden = z.looseObject({
  task: z.looseObject({ model: z.looseObject({ encoder: z.looseObject({ bert: bertSchema }) }) }),
});

/** `value` is the parsed file `source`. Throws `ModelError` that names the file and the keys that are wrong. */
export function modelConfig(value: unknown, source: string, hiddenAct: HiddenAct): ModelConfig {
  if (typeof value !== 'object' || value === null) {
    throw new ModelError(`${source} is neither a Model Garden configuration nor a BERT config.json`);
  }
  return 'task' in value ? fromModelGarden(value, source, hiddenAct) : fromBertConfig(value, source, hiddenAct);
}

function fromModelGarden(value: object, source: string, hiddenAct: HiddenAct): ModelConfig {
  const { bert } = checked(value, modelGarden, source).task.model.encoder;
  const json = published({
    vocab_size: bert.vocab_size,
    hidden_size: bert.hidden_size,
    num_hidden_layers: bert.num_layers,
    num_attention_heads: bert.num_attention_heads,
    intermediate_size: bert.intermediate_size,
    hidden_dropout_prob: bert.dropout_rate,
    attention_probs_dropout_prob: bert.attention_dropout_rate,
    max_position_embeddings: bert.max_position_embeddings,
    type_vocab_size: bert.type_vocab_size,
    initializer_range: bert.initializer_range,
    hidden_act: hiddenAct,
  });
  const { architecture } = bertConfig(checked(json, bertConfigSchema, source));
  return { architecture, json, trainedWith: bert.hidden_activation === 'gelu' ? 'gelu_new' : 'gelu' };
}

/** A config.json keeps the keys of its own that nothing here knows. */
function fromBertConfig(value: object, source: string, hiddenAct: HiddenAct): ModelConfig {
  const config = checked(value, bertConfigSchema, source);
  const { architecture, gelu } = bertConfig(config);
  const stated = 'hidden_act' in value;
  return {
    architecture,
    json: published({ ...config, hidden_act: hiddenAct }),
    trainedWith: stated ? (gelu === 'tanh' ? 'gelu_new' : 'gelu') : undefined,
  };
}

/** With what the published configurations state besides. */
function published(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const all = {
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    ...config,
    architectures: ['BertForPreTraining'],
    model_type: 'bert',
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
