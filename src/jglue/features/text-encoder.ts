/** Text to token ids as transformers' BertJapaneseTokenizer makes them for fine-tuning. */
import type { Dictionary } from '../../mecab/index.ts';
import { strip, stripEnd, stripStart } from '../../text/whitespace.ts';
import { createTokenizer, type TokenizerOptions, tokenizeText } from '../../wordpiece/tokenizer.ts';
import { tokenNames, type Vocabulary } from '../../wordpiece/vocabulary.ts';
import { JglueError } from '../jglue-error.ts';

export interface TextEncoder {
  /** Special tokens that stand in the text become their own ids. */
  encode(text: string): number[];
  /** The token of an id. */
  nameOf(id: number): string;
  readonly pad: number;
  readonly cls: number;
  readonly sep: number;
}

const special = /(\[(?:UNK|SEP|PAD|CLS|MASK)\])/;

/** Throws `JglueError` if the vocabulary lacks a special token. */
export function createTextEncoder(
  dictionary: Dictionary,
  vocabulary: Vocabulary,
  options: TokenizerOptions,
): TextEncoder {
  const tokenizer = createTokenizer(dictionary, vocabulary, options);
  const idOf = (token: string): number => {
    const position = vocabulary.positions.get(token);
    if (position === undefined)
      throw new JglueError(`the model's vocab.txt has no ${token}: is it a vocabulary of BERT?`);
    return vocabulary.ids[position]!;
  };
  const specials = new Map(['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]'].map((token) => [token, idOf(token)]));
  return {
    encode(text) {
      if (strip(text) === '') return [];
      const parts = text.split(special);
      // White space beside a special token belongs to neither side.
      return parts.flatMap((part, i) => {
        const id = specials.get(part);
        if (id !== undefined) return [id];
        const right = i < parts.length - 1 ? stripEnd(part) : part;
        const whole = i > 0 ? stripStart(right) : right;
        return whole === '' ? [] : tokenizeText(tokenizer, whole).ids;
      });
    },
    nameOf: tokenNames(vocabulary),
    pad: specials.get('[PAD]')!,
    cls: specials.get('[CLS]')!,
    sep: specials.get('[SEP]')!,
  };
}
