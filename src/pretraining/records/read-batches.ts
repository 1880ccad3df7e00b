import { RecordError, readRecords } from '../../tensorflow/tfrecord.ts';
import { type CPythonRandom, cpythonRandom } from '../../text/cpython-random.ts';
import { type InstanceFeatures, instanceFeatures } from './instance-features.ts';
import { recordFiles } from './record-files.ts';

/** How far a reader has come: `index` instances of this pass over the data were given out. */
export interface DataPosition {
  readonly epoch: number;
  readonly index: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** Records to draw the next one from; below 2, the order of the files is kept. */
  readonly shuffleBuffer: number;
  readonly seed: number;
  /** Passes over the data, `Infinity` for no end. A batch may span two of them. */
  readonly epochs: number;
  /** Go on behind an earlier reader's last batch; the order is the one it would have given. */
  readonly from?: DataPosition;
  /** What the model can look up; a record beyond it is refused. */
  readonly limits?: { readonly vocabSize: number; readonly typeVocabSize: number };
}

/** B instances of L tokens with P masks each, row by row; the last batch of a reader may be smaller. */
export interface Batch {
  readonly size: number;
  readonly inputWordIds: Int32Array; // (B, L)
  readonly inputMask: Int32Array; // (B, L)
  readonly inputTypeIds: Int32Array; // (B, L)
  readonly maskedPositions: Int32Array; // (B, P)
  readonly maskedIds: Int32Array; // (B, P)
  readonly maskedWeights: Float32Array; // (B, P)
  readonly nextSentenceLabels: Int32Array; // (B)
  /** Where the reader stands behind this batch. */
  readonly position: DataPosition;
}

/** L and P of the records, from the first of them. */
export async function recordShape(paths: readonly string[]): Promise<{ tokens: number; masks: number }> {
  for await (const record of fileOrder(await recordFiles(paths))) {
    const { inputWordIds, maskedIds } = featuresOf(record);
    return { tokens: inputWordIds.length, masks: maskedIds.length };
  }
  throw new RecordError(`${paths.join(', ')}: no records in these files.`);
}

/**
 * Batches from files and directories of records. The order is a function of the seed, the pass and the files alone;
 * when it is shuffled, so are the files. Throws `RecordError` for a file that is damaged or holds something else.
 */
export async function* readBatches(paths: readonly string[], options: BatchOptions): AsyncGenerator<Batch> {
  const shape = await recordShape(paths);
  const files = await recordFiles(paths);
  let rows: InstanceFeatures[] = [];
  let position = options.from ?? { epoch: 0, index: 0 };
  for (let epoch = position.epoch; epoch < options.epochs; epoch++) {
    let index = 0;
    const skipped = epoch === position.epoch ? position.index : 0;
    for await (const record of epochOrder(files, options, epoch)) {
      index++;
      if (index <= skipped) continue;
      rows.push(checkedFeatures(record, shape, options.limits));
      if (rows.length < options.batchSize) continue;
      position = { epoch, index };
      yield batchOf(rows, shape, position);
      rows = [];
    }
    position = { epoch: epoch + 1, index: 0 };
  }
  if (rows.length > 0) yield batchOf(rows, shape, position);
}

interface Located {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly number: number;
}

function epochOrder(files: readonly string[], options: BatchOptions, epoch: number): AsyncGenerator<Located> {
  if (options.shuffleBuffer < 2) return fileOrder(files);
  const random = cpythonRandom((BigInt(options.seed) << 32n) + BigInt(epoch));
  const shuffledFiles = [...files];
  random.shuffle(shuffledFiles);
  return shuffled(fileOrder(shuffledFiles), options.shuffleBuffer, random);
}

async function* fileOrder(files: readonly string[]): AsyncGenerator<Located> {
  for (const path of files) {
    let number = 0;
    for await (const bytes of readRecords(path)) yield { bytes, path, number: number++ };
  }
}

/** Gives out a random one of the last `size` records and puts the next in its place, as tf.data does. */
async function* shuffled(
  records: AsyncIterable<Located>,
  size: number,
  random: CPythonRandom,
): AsyncGenerator<Located> {
  const buffer: Located[] = [];
  for await (const record of records) {
    const kept = { ...record, bytes: record.bytes.slice() }; // Not a view: that would keep all of what was read with it.
    if (buffer.length < size) {
      buffer.push(kept);
      continue;
    }
    const drawn = random.randrange(size);
    const out = buffer[drawn]!;
    buffer[drawn] = kept;
    yield out;
  }
  random.shuffle(buffer);
  yield* buffer;
}

function featuresOf({ bytes, path, number }: Located): InstanceFeatures {
  try {
    return instanceFeatures(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RecordError(`${path}: record ${number} is not one of pretraining data: ${error.message}.`);
  }
}

function checkedFeatures(
  record: Located,
  shape: { readonly tokens: number; readonly masks: number },
  limits: BatchOptions['limits'],
): InstanceFeatures {
  const features = featuresOf(record);
  const tokens = features.inputWordIds.length;
  const masks = features.maskedIds.length;
  if (tokens !== shape.tokens || masks !== shape.masks) {
    throw new RecordError(
      `${record.path}: record ${record.number} has ${tokens} tokens and ${masks} predictions where the first record has ` +
        `${shape.tokens} and ${shape.masks}. Give files made with the same max_seq_length and max_predictions_per_seq.`,
    );
  }
  if (limits !== undefined) checkLimits(record, features, limits);
  return features;
}

/** Numbers outside a table would read other rows of it, or end the process. */
function checkLimits(
  { path, number }: Located,
  { inputWordIds, maskedIds, inputTypeIds, maskedPositions }: InstanceFeatures,
  { vocabSize, typeVocabSize }: NonNullable<BatchOptions['limits']>,
): void {
  const outside = (values: ArrayLike<number>, end: number): number | undefined => {
    for (let i = 0; i < values.length; i++) if (!(values[i]! >= 0 && values[i]! < end)) return values[i];
    return undefined;
  };
  const at = `${path}: record ${number} holds`;
  const id = outside(inputWordIds, vocabSize) ?? outside(maskedIds, vocabSize);
  if (id !== undefined) {
    throw new RecordError(
      `${at} the token id ${id}, but the model has vocab_size ${vocabSize}. Use the vocabulary's size, or records made with that vocabulary.`,
    );
  }
  const type = outside(inputTypeIds, typeVocabSize);
  if (type !== undefined)
    throw new RecordError(`${at} the type id ${type}, but the model has type_vocab_size ${typeVocabSize}.`);
  const position = outside(maskedPositions, inputWordIds.length);
  if (position !== undefined) {
    throw new RecordError(`${at} the masked position ${position}, but has ${inputWordIds.length} tokens.`);
  }
}

function batchOf(
  rows: readonly InstanceFeatures[],
  { tokens, masks }: { readonly tokens: number; readonly masks: number },
  position: DataPosition,
): Batch {
  const integers = (width: number, values: (row: InstanceFeatures) => ArrayLike<number>) => {
    const matrix = new Int32Array(rows.length * width);
    rows.forEach((row, i) => {
      matrix.set(values(row), i * width);
    });
    return matrix;
  };
  const weights = new Float32Array(rows.length * masks);
  rows.forEach((row, i) => {
    weights.set(row.maskedWeights, i * masks);
  });
  return {
    size: rows.length,
    inputWordIds: integers(tokens, (row) => row.inputWordIds),
    inputMask: integers(tokens, (row) => row.inputMask),
    inputTypeIds: integers(tokens, (row) => row.inputTypeIds),
    maskedPositions: integers(masks, (row) => row.maskedPositions),
    maskedIds: integers(masks, (row) => row.maskedIds),
    maskedWeights: weights,
    nextSentenceLabels: Int32Array.from(rows, (row) => (row.isRandomNext ? 1 : 0)),
    position,
  };
}
