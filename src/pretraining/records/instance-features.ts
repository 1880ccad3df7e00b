import { decodeExample, type Feature } from '../../tensorflow/decode-example.ts';

type Integers = Uint8Array | Int32Array | Float64Array;

/** A pretraining record as numbers. The names are TensorFlow Model Garden's; the original's older ones are read too. */
export interface InstanceFeatures {
  readonly inputWordIds: Integers;
  readonly inputMask: Integers;
  readonly inputTypeIds: Integers;
  readonly maskedPositions: Integers;
  readonly maskedIds: Integers;
  readonly maskedWeights: Float32Array;
  readonly isRandomNext: boolean;
}

/** Throws `RangeError` if the record is not one of pretraining data: says what is missing. */
export function instanceFeatures(record: Uint8Array): InstanceFeatures {
  const features = decodeExample(record);
  const integers = (...names: readonly string[]) => integersOf(features, names);
  const weights = features.get('masked_lm_weights');
  if (weights?.kind !== 'float') throw new RangeError('it has no floats masked_lm_weights');
  const result = {
    inputWordIds: integers('input_word_ids', 'input_ids'),
    inputMask: integers('input_mask'),
    inputTypeIds: integers('input_type_ids', 'segment_ids'),
    maskedPositions: integers('masked_lm_positions'),
    maskedIds: integers('masked_lm_ids'),
    maskedWeights: weights.values,
    isRandomNext: integers('next_sentence_labels')[0] === 1,
  };
  const length = result.inputWordIds.length;
  const masks = result.maskedIds.length;
  if (result.inputMask.length !== length || result.inputTypeIds.length !== length) {
    throw new RangeError('its token features differ in length');
  }
  if (result.maskedPositions.length !== masks || result.maskedWeights.length !== masks) {
    throw new RangeError('its masked_lm features differ in length');
  }
  return result;
}

function integersOf(features: ReadonlyMap<string, Feature>, names: readonly string[]): Float64Array {
  for (const name of names) {
    const feature = features.get(name);
    if (feature?.kind === 'int64') return feature.values;
  }
  throw new RangeError(`it has no integers ${names[0]}`);
}
