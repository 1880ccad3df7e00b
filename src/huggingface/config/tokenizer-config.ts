/** `tokenizer_config.json` of a Japanese BERT: how transformers' BertJapaneseTokenizer makes tokens of a text. */
import { z } from 'zod';
import type { TokenizerOptions } from '../../wordpiece/tokenizer.ts';
import { readJson } from './read-json.ts';

/** Python packages of MeCab dictionaries. */
const dictionaries = ['ipadic', 'unidic_lite', 'unidic'] as const;

export const tokenizerConfigSchema = z.looseObject({
  tokenizer_class: z
    .literal('BertJapaneseTokenizer', { error: 'BertJapaneseTokenizer is supported' })
    .default('BertJapaneseTokenizer'),
  do_lower_case: z.boolean().default(false),
  word_tokenizer_type: z.literal('mecab', { error: 'mecab is supported' }),
  subword_tokenizer_type: z.enum(['wordpiece', 'character']).default('wordpiece'),
  model_max_length: z.number().positive().optional(),
  mecab_kwargs: z
    .looseObject({
      mecab_dic: z.enum(dictionaries, { error: `transformers knows ${dictionaries.join(', ')}` }).default('ipadic'),
      do_lower_case: z.boolean().optional(),
    })
    .nullish(),
});

export interface TokenizerConfig {
  /** For `createTokenizer`: with these, its ids are those of transformers. */
  readonly options: TokenizerOptions;
  /** The Python package of the MeCab dictionary. */
  readonly dictionary: (typeof dictionaries)[number];
}

/** Throws `ModelError` that names the file, the key, and what is supported. */
export async function readTokenizerConfig(path: string): Promise<TokenizerConfig> {
  return tokenizerConfig(await readJson(path, tokenizerConfigSchema));
}

export function tokenizerConfig(config: z.output<typeof tokenizerConfigSchema>): TokenizerConfig {
  return {
    options: {
      subword: config.subword_tokenizer_type,
      lowerCase: config.mecab_kwargs?.do_lower_case ?? config.do_lower_case,
      // Characters have no prefix in a character vocabulary.
      vocabHasNoSubwordPrefix: config.subword_tokenizer_type === 'character',
    },
    dictionary: config.mecab_kwargs?.mecab_dic ?? 'ipadic',
  };
}
