/** `config.json` of a BERT model, as transformers reads it; what is left out has the defaults of its BertConfig. */
import { z } from 'zod';
import type { Architecture } from '../../bert/model/architecture.ts';
import { readJson } from './read-json.ts';

const count = z.int().positive();
const rate = z.number().min(0).max(1);

export const bertConfigSchema = z
  .looseObject({
    model_type: z.literal('bert', { error: 'only BERT models are supported' }).default('bert'),
    vocab_size: count.default(30522),
    hidden_size: count.default(768),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    intermediate_size: count.default(3072),
    hidden_act: z
      .enum(['gelu', 'gelu_new', 'gelu_pytorch_tanh'], { error: 'gelu and gelu_new are supported' })
      .default('gelu'),
    hidden_dropout_prob: rate.default(0.1),
    attention_probs_dropout_prob: rate.default(0.1),
    max_position_embeddings: count.default(512),
    type_vocab_size: count.default(2),
    initializer_range: z.number().positive().default(0.02),
    layer_norm_eps: z.literal(1e-12, { error: '1e-12, as BERT has it, is supported' }).default(1e-12),
    pad_token_id: z.int().min(0).nullish(),
    position_embedding_type: z.literal('absolute', { error: 'absolute position embeddings are supported' }).optional(),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ['hidden_size'],
    error: 'must be a multiple of num_attention_heads',
  });

export interface BertConfig {
  readonly architecture: Architecture;
  /** `gelu` is xΦ(x); `gelu_new` the tanh approximation that Model Garden trains with. */
  readonly gelu: 'erf' | 'tanh';
  readonly dropout: { readonly hidden: number; readonly attention: number };
  readonly padTokenId: number;
}

/** Throws `ModelError` that names the file, the key, and what is supported. */
export async function readBertConfig(path: string): Promise<BertConfig> {
  return bertConfig(await readJson(path, bertConfigSchema));
}

export function bertConfig(config: z.output<typeof bertConfigSchema>): BertConfig {
  return {
    architecture: {
      vocabSize: config.vocab_size,
      hiddenSize: config.hidden_size,
      layers: config.num_hidden_layers,
      heads: config.num_attention_heads,
      intermediateSize: config.intermediate_size,
      maxPositions: config.max_position_embeddings,
      typeVocabSize: config.type_vocab_size,
      initializerRange: config.initializer_range,
    },
    gelu: config.hidden_act === 'gelu' ? 'erf' : 'tanh',
    dropout: { hidden: config.hidden_dropout_prob, attention: config.attention_probs_dropout_prob },
    padTokenId: config.pad_token_id ?? 0,
  };
}
