/** The weights of a BertForPreTraining, and what each weight file is written from. */

export interface WeightInfo {
  /** In transformers' PyTorch model, e.g. `bert.pooler.dense.weight`. */
  readonly name: string;
  /** There: a dense weight is [out, in]. */
  readonly shape: readonly number[];
  /** TensorFlow and Flax keep it as a kernel [in, out]. */
  readonly transposed: boolean;
}

/** One weight's numbers, row-major, in the two layouts; the same array where there is but one. */
export interface Weight extends WeightInfo {
  /** As in `shape`. */
  readonly values: Float32Array;
  /** A kernel, [in, out]. */
  readonly kernel: Float32Array;
}

/** Writes one file. Every weight is given once, in the order of the list that the writer was made with; then `finish` makes it whole. */
export interface WeightWriter {
  write(weight: Weight): void | Promise<void>;
  finish(): void | Promise<void>;
  /** Gives up: nothing more is written. */
  abort(): void | Promise<void>;
}

/** Makes a writer of the file at `path` for a model with these weights. */
export type OpenWriter = (path: string, weights: readonly WeightInfo[]) => WeightWriter | Promise<WeightWriter>;

export function kernelShape({ shape, transposed }: WeightInfo): readonly number[] {
  return transposed ? shape.toReversed() : shape;
}

export function elementsOf({ shape }: WeightInfo): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * Positions 0, 1, …: a buffer of int64 [1, P] that transformers 4.30 keeps with the weights, and that safetensors and PyTorch files
 * therefore hold.
 */
export const positionIdsName = 'bert.embeddings.position_ids';

export function positionIds(weights: readonly WeightInfo[]): BigInt64Array {
  const positions = weights.find(({ name }) => name === 'bert.embeddings.position_embeddings.weight');
  return BigInt64Array.from({ length: positions?.shape[0] ?? 0 }, (_, position) => BigInt(position));
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
