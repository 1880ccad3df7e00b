import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelVariables } from '../../src/bert/model/variables.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { bertConfig } from '../../src/huggingface/config/bert-config.ts';
import { modelTensor } from '../../src/huggingface/tensor-names.ts';
import { transpose } from '../../src/huggingface/transpose/transpose.ts';
import { writeSafetensors } from '../../src/huggingface/weights/safetensors/write-safetensors.ts';
import { fixturePath } from '../fixtures.ts';

export const tinyConfig = {
  model_type: 'bert' as const,
  vocab_size: 724,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 128,
};

/** Writes a model of random weights for the vocabulary of the pretraining fixtures, with IPADIC. */
export async function writeTinyModel(
  directory: string,
  change: { readonly type_vocab_size?: number } = {},
): Promise<string> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ ...tinyConfig, ...change }));
  const tokenizer = {
    word_tokenizer_type: 'mecab',
    subword_tokenizer_type: 'wordpiece',
    mecab_kwargs: { mecab_dic: 'ipadic' },
  };
  writeFileSync(join(directory, 'tokenizer_config.json'), JSON.stringify(tokenizer));
  copyFileSync(fixturePath('pretraining/vocab.txt'), join(directory, 'vocab.txt'));
  const { architecture } = bertConfig({
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    type_vocab_size: 2,
    initializer_range: 0.02,
    layer_norm_eps: 1e-12,
    position_embedding_type: 'absolute',
    ...tinyConfig,
    ...change,
  });
  const variables = modelVariables(architecture).filter(({ trained }) => trained);
  const tensors = variables.map(modelTensor);
  writeSafetensors(join(directory, 'model.safetensors'), tensors, ({ shape, transposed }, i) => {
    const kernel = initialWeights(variables[i]!, 0.02, 1);
    return transposed ? transpose(kernel, shape[1]!, shape[0]!) : kernel;
  });
  return directory;
}
