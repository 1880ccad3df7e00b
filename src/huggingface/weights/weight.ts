/** The weights of a BertForPreTraining, and what each weight file is written from. */

export interface WeightInfo {
  /** In transformers' PyTorch model, e.g. `bert.pooler.dense.weight`. */
  readonly name: string;
  /** There: a dense weight is [out, in]. */
  readonly shape: readonly number[];
  /** TensorFlow and Flax keep it as a kernel [in, out]. */
  readonly transposed: boolean;
}

/** A file of weights that is whole but for the weights themselves: they may be written in any order, by any thread. */
export interface LaidOut {
  readonly path: string;
  /** Dense weights lie in it as [out, in], or as kernels [in, out]. */
  readonly holds: 'weights' | 'kernels';
  /** Where the float32 elements of a weight go. Asked once for each, in their order: a file may grow by it. */
  placeOf(weight: WeightInfo): number;
  /** Completes what hangs on the weights, when all of them are written: their CRC-32, [out, in], by name. */
  finish?(checksums: ReadonlyMap<string, number>): void;
  /** Lets go of a file that will not be finished. */
  abandon?(): void;
}

/** Makes the file at `path` for a model with these weights. */
export type LayOut = (path: string, weights: readonly WeightInfo[]) => LaidOut | Promise<LaidOut>;

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
