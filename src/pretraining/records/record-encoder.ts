import { exampleRecords } from '../../tensorflow/example-records.ts';
import { slot, slotWords } from '../instances/instance-slots.ts';
import type { PretrainingVocabulary } from '../pretraining-vocabulary.ts';
import type { InstanceFeatures } from './instance-features.ts';

export interface RecordOptions {
  readonly maxSeqLength: number;
  readonly maxPredictionsPerSeq: number;
  /** Room for masks in a slot. */
  readonly maxMasks: number;
  readonly useV2FeatureNames: boolean;
}

export interface RecordEncoder {
  /** The instance of the slot at `at`, overwritten by the next call. */
  features(slots: Uint32Array, at: number): InstanceFeatures;
  /** The records of these slots as a part of a TFRecord file, overwritten by the next call. */
  encode(slots: Uint32Array): Uint8Array;
}

/** The original's records. Features stand in the order of TensorFlow's own map, which no specification defines: 2.12 gives these two. */
export function recordEncoder(
  ids: Uint16Array | Uint32Array,
  { idLimit, cls, sep }: PretrainingVocabulary,
  { maxSeqLength, maxPredictionsPerSeq, maxMasks, useV2FeatureNames }: RecordOptions,
): RecordEncoder {
  const records = exampleRecords();
  const inputIds = records.int32(maxSeqLength);
  const typeIds = records.uint8(maxSeqLength);
  const inputMask = records.uint8(maxSeqLength);
  const maskedPositions = records.int32(maxPredictionsPerSeq);
  const maskedIds = records.int32(maxPredictionsPerSeq);
  const maskedWeights = records.float32(maxPredictionsPerSeq);
  const nextSentence = records.uint8(1);
  records.setColumns(
    useV2FeatureNames
      ? [
          { name: 'input_word_ids', values: inputIds },
          { name: 'masked_lm_ids', values: maskedIds },
          { name: 'input_type_ids', values: typeIds },
          { name: 'next_sentence_labels', values: nextSentence },
          { name: 'masked_lm_positions', values: maskedPositions },
          { name: 'input_mask', values: inputMask },
          { name: 'masked_lm_weights', values: maskedWeights },
        ]
      : [
          { name: 'masked_lm_ids', values: maskedIds },
          { name: 'input_ids', values: inputIds },
          { name: 'masked_lm_positions', values: maskedPositions },
          { name: 'next_sentence_labels', values: nextSentence },
          { name: 'input_mask', values: inputMask },
          { name: 'masked_lm_weights', values: maskedWeights },
          { name: 'segment_ids', values: typeIds },
        ],
  );
  const words = slotWords(maxMasks);

  /** [CLS] A [SEP] B [SEP], and zeros to the end. */
  function fillTokens(slots: Uint32Array, at: number): void {
    const aLength = slots[at + slot.aLength]!;
    const bLength = slots[at + slot.bLength]!;
    inputIds[0] = cls;
    copyIds(slots[at + slot.aBegin]!, aLength, 1);
    inputIds[1 + aLength] = sep;
    copyIds(slots[at + slot.bBegin]!, bLength, 2 + aLength);
    const end = 3 + aLength + bLength;
    inputIds[end - 1] = sep;
    inputIds.fill(0, end);
    typeIds
      .fill(0, 0, 2 + aLength)
      .fill(1, 2 + aLength, end)
      .fill(0, end);
    inputMask.fill(1, 0, end).fill(0, end);
  }

  function copyIds(begin: number, length: number, to: number): void {
    for (let i = 0; i < length; i++) inputIds[to + i] = ids[begin + i]!;
  }

  function fillMasks(slots: Uint32Array, at: number): void {
    const masks = slots[at + slot.masksAndNext]! >>> 1;
    for (let i = 0; i < masks; i++) {
      const mask = slots[at + slot.masks + i]!;
      const position = Math.floor(mask / idLimit);
      maskedPositions[i] = position;
      maskedIds[i] = inputIds[position]!;
      inputIds[position] = mask - position * idLimit;
    }
    maskedPositions.fill(0, masks);
    maskedIds.fill(0, masks);
    maskedWeights.fill(1, 0, masks).fill(0, masks);
    nextSentence[0] = slots[at + slot.masksAndNext]! & 1;
  }

  return {
    features(slots, at) {
      fillTokens(slots, at);
      fillMasks(slots, at);
      const isRandomNext = nextSentence[0] === 1;
      return {
        inputWordIds: inputIds,
        inputMask,
        inputTypeIds: typeIds,
        maskedPositions,
        maskedIds,
        maskedWeights,
        isRandomNext,
      };
    },
    encode(slots) {
      for (let at = 0; at < slots.length; at += words) {
        fillTokens(slots, at);
        fillMasks(slots, at);
        records.append();
      }
      return records.take();
    },
  };
}
