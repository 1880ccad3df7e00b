/** Settings under which the small corpus of the fixtures was given to the original; digests.json has what came out. */
export interface Case {
  readonly name: string;
  readonly vocab: 'vocab.txt' | 'characters.txt';
  readonly params: Readonly<Record<string, string | number | boolean>>;
}

const character = { subword_tokenizer_type: 'character', vocab_has_no_subword_prefix: true };
const wholeWords = { do_whole_word_mask: true, use_v2_feature_names: true };

export const cases: readonly Case[] = [
  { name: 'defaults', vocab: 'vocab.txt', params: {} },
  { name: 'whole words', vocab: 'vocab.txt', params: { ...wholeWords, dupe_factor: 5, max_predictions_per_seq: 19 } },
  {
    name: 'long sequences',
    vocab: 'vocab.txt',
    params: { ...wholeWords, max_seq_length: 512, max_predictions_per_seq: 76, dupe_factor: 3 },
  },
  {
    name: 'shortest sequences',
    vocab: 'vocab.txt',
    params: { max_seq_length: 5, max_predictions_per_seq: 1, dupe_factor: 2, random_seed: 0 },
  },
  {
    name: 'cased',
    vocab: 'vocab.txt',
    params: { ...wholeWords, do_lower_case: false, max_seq_length: 32, max_predictions_per_seq: 5, random_seed: 7 },
  },
  { name: 'characters', vocab: 'characters.txt', params: { ...wholeWords, ...character, max_seq_length: 64 } },
  {
    name: 'characters with prefix',
    vocab: 'vocab.txt',
    params: { subword_tokenizer_type: 'character', do_whole_word_mask: true, max_seq_length: 48, random_seed: 2023 },
  },
  {
    name: 'wordpiece without prefix',
    vocab: 'vocab.txt',
    params: { vocab_has_no_subword_prefix: true, do_whole_word_mask: true, masked_lm_prob: 0.4, short_seq_prob: 0.5 },
  },
];
