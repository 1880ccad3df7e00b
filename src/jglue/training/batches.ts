/** Batches of encoded examples: in which order, padded to which length. */
import { cpythonRandom } from '../../text/cpython-random.ts';
import type { Sequence } from '../features/sequence.ts';

/** An example as the model takes it: its sequences (five for a choice) and what is to come out: a class, a number, or start and end. */
export interface Item {
  readonly sequences: readonly Sequence[];
  readonly target: readonly number[];
}

export interface TaskBatch {
  /** Examples that count; rows behind them are padding. */
  readonly size: number;
  /** Positions of each row, S. */
  readonly positions: number;
  readonly wordIds: Int32Array; // [R·S]
  readonly typeIds: Int32Array;
  readonly inputMask: Float32Array;
  /** [B], or for spans all starts, then all ends. */
  readonly targets: Float32Array;
}

/** Few lengths, so that few graphs are traced. Padding changes no result but a span's, whose loss runs over it: spans are always full. */
const lengths = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512];

/** The length that a batch is padded to: that of its longest sequence, rounded up. */
export function paddedLength(items: readonly Item[], longest: number): number {
  const needed = Math.max(...items.flatMap(({ sequences }) => sequences.map(({ ids }) => ids.length)));
  return Math.min(lengths.find((length) => length >= needed) ?? longest, longest);
}

/** Which items each batch of an epoch holds: file order, or an order that follows from seed and epoch. The last batch may be smaller. */
export function epochBatches(
  count: number,
  batchSize: number,
  shuffle: { seed: number; epoch: number } | undefined,
): number[][] {
  const order =
    shuffle === undefined
      ? Array.from({ length: count }, (_, i) => i)
      : Array.from(
          cpythonRandom((BigInt(shuffle.epoch) << 64n) | BigInt.asUintN(64, BigInt(shuffle.seed))).permutation(count),
        );
  return Array.from({ length: Math.ceil(count / batchSize) }, (_, i) =>
    order.slice(i * batchSize, (i + 1) * batchSize),
  );
}

/** `batchSize` examples of `positions` tokens; what is missing of either is padding. */
export function collate(items: readonly Item[], batchSize: number, positions: number, pad: number): TaskBatch {
  const { sequences, target } = items[0]!;
  const rows = batchSize * sequences.length;
  const wordIds = new Int32Array(rows * positions).fill(pad);
  const typeIds = new Int32Array(rows * positions);
  const inputMask = new Float32Array(rows * positions);
  const targets = new Float32Array(batchSize * target.length);
  for (const [i, item] of items.entries()) {
    for (const [j, { ids, firstLength }] of item.sequences.entries()) {
      const begin = (i * sequences.length + j) * positions;
      wordIds.set(ids, begin);
      typeIds.fill(1, begin + Math.min(firstLength, ids.length), begin + ids.length);
      inputMask.fill(1, begin, begin + ids.length);
    }
    for (const [j, value] of item.target.entries()) targets[j * batchSize + i] = value;
  }
  // A row of padding alone must not be masked away whole: its softmax would be of nothing.
  for (let row = items.length * sequences.length; row < rows; row++) inputMask[row * positions] = 1;
  return { size: items.length, positions, wordIds, typeIds, inputMask, targets };
}
