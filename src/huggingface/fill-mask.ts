/** The words that a model expects in place of [MASK], as transformers' fill-mask gives them. */
import type { Device } from '../devices/device.ts';
import type { Dictionary } from '../mecab/index.ts';
import { createTokenizer, tokenizeText } from '../wordpiece/tokenizer.ts';
import { tokenNames, type Vocabulary } from '../wordpiece/vocabulary.ts';
import { createMaskedLm } from './masked-lm.ts';
import { ModelError } from './model-error.ts';
import { modelVocabulary } from './model-vocabulary.ts';
import type { Model } from './open-model.ts';

export interface Candidate {
  readonly token: string;
  readonly id: number;
  readonly probability: number;
}

export interface FilledMasks {
  /** The tokens of the text, [CLS] and [SEP] included. */
  readonly tokens: readonly string[];
  /** For each [MASK], where it is in `tokens`, and its likeliest tokens. */
  readonly masks: readonly { readonly position: number; readonly candidates: readonly Candidate[] }[];
}

const specialTokens = ['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]'] as const;
const specialToken = /(\[(?:UNK|SEP|PAD|CLS|MASK)\])/;

/** Throws `ModelError` if there is no [MASK] in the text, or the text is too long. */
export async function fillMask(
  model: Model,
  device: Device,
  dictionary: Dictionary,
  text: string,
  top: number,
): Promise<FilledMasks> {
  const vocabulary = await modelVocabulary(model);
  const nameOf = tokenNames(vocabulary);
  const ids = sequenceIds(model, vocabulary, dictionary, text);
  const mask = idOf(vocabulary, '[MASK]', model);
  const positions = ids.flatMap((id, position) => (id === mask ? [position] : []));
  if (positions.length === 0) throw new ModelError('the text has no [MASK]: write it where a word is to be found');
  const masked = createMaskedLm(device, model);
  const logits = await masked.predict(ids, positions);
  masked.dispose();
  if (!logits.every(Number.isFinite)) {
    throw new ModelError(`${model.weights} gives no finite numbers: its training diverged, or it is damaged`);
  }
  const { vocabSize } = model.config.architecture;
  return {
    tokens: ids.map(nameOf),
    masks: positions.map((position, row) => ({
      position,
      candidates: likeliest(logits.subarray(row * vocabSize, (row + 1) * vocabSize), top).map(
        ({ id, probability }) => ({
          token: nameOf(id),
          id,
          probability,
        }),
      ),
    })),
  };
}

/** [CLS], the text's tokens, [SEP]. Special tokens that are written in the text are themselves. */
function sequenceIds(model: Model, vocabulary: Vocabulary, dictionary: Dictionary, text: string): number[] {
  const { architecture } = model.config;
  const tokenizer = createTokenizer(dictionary, vocabulary, model.tokenizer.options);
  const ids = text.split(specialToken).flatMap((part) => {
    const special = specialTokens.find((token) => token === part);
    return special === undefined ? tokenizeText(tokenizer, part).ids : [idOf(vocabulary, special, model)];
  });
  const all = [idOf(vocabulary, '[CLS]', model), ...ids, idOf(vocabulary, '[SEP]', model)];
  if (all.length > architecture.maxPositions) {
    throw new ModelError(
      `the text has ${all.length} tokens, the model ${architecture.maxPositions} positions: shorten it`,
    );
  }
  return all;
}

function idOf({ ids, positions }: Vocabulary, token: string, model: Model): number {
  const position = positions.get(token);
  if (position === undefined) throw new ModelError(`${model.vocabulary} has no ${token}`);
  return ids[position]!;
}

/** Softmax in float64, and of it the `top` largest, the smaller id first among equals. */
function likeliest(logits: Float32Array, top: number): { id: number; probability: number }[] {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const total = exponentials.reduce((sum, each) => sum + each, 0);
  return Array.from(exponentials, (each, id) => ({ id, probability: each / total }))
    .sort((a, b) => b.probability - a.probability || a.id - b.id)
    .slice(0, top);
}
