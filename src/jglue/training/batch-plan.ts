/** Which batches fine-tuning sees, and how long each is padded: known before it starts, so that every length is traced once. */
import type { Split } from '../predictions/split.ts';
import type { TaskKind } from '../tasks/task.ts';
import { collate, epochBatches, type Item, paddedLength, type TaskBatch } from './batches.ts';

export interface BatchPlanOptions {
  readonly kind: TaskKind;
  readonly train: Split;
  readonly dev: Split;
  readonly test: Split | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly maxSequenceLength: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Id that fills up sequences. */
  readonly pad: number;
}

export interface BatchPlan {
  /** Updates of an epoch. */
  readonly perEpoch: number;
  /** Padded lengths that occur in training, and in prediction. */
  readonly trainingLengths: readonly number[];
  readonly predictionLengths: readonly number[];
  /** The batches of an epoch from its `first` on. */
  training(epoch: number, first: number): Generator<TaskBatch>;
  /** A split in its own order. */
  prediction(split: Split): Generator<TaskBatch>;
}

export function planBatches(options: BatchPlanOptions): BatchPlan {
  const { kind, train, dev, test, epochs, batchSize, maxSequenceLength, seed, shuffle, pad } = options;
  const shuffled = (epoch: number) =>
    taken(train, epochBatches(train.items.length, batchSize, shuffle ? { seed, epoch } : undefined));
  const inOrder = (split: Split) => taken(split, epochBatches(split.items.length, batchSize, undefined));
  // A span's loss and best places run over the padding too: its sequences are always as long as can be.
  const lengthOf = (items: readonly Item[]) =>
    kind === 'span' ? maxSequenceLength : paddedLength(items, maxSequenceLength);
  const lengths = (batches: readonly (readonly Item[])[]) => [...new Set(batches.map(lengthOf))].sort((a, b) => a - b);
  function* collated(batches: readonly (readonly Item[])[]) {
    for (const items of batches) yield collate(items, batchSize, lengthOf(items), pad);
  }
  return {
    perEpoch: Math.ceil(train.items.length / batchSize),
    trainingLengths: lengths(Array.from({ length: epochs }, (_, epoch) => shuffled(epoch)).flat()),
    predictionLengths: lengths([dev, ...(test === undefined ? [] : [test])].flatMap(inOrder)),
    training: (epoch, first) => collated(shuffled(epoch).slice(first)),
    prediction: (split) => collated(inOrder(split)),
  };
}

function taken({ items }: Split, batches: readonly (readonly number[])[]): Item[][] {
  return batches.map((batch) => batch.map((i) => items[i]!));
}
