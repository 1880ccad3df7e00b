/**
 * What a recorded operation computes does not matter, only its shape does. So all large results of one shape share one memory while a
 * function is recorded: without it, every number between the first layer and the last gradient would be held at once. Integers keep
 * their numbers: they may say which rows to take.
 */
import type { Binding, TensorMetadata } from './addon.ts';

/** Numbers from which on a result is shared. Smaller ones are not worth an operation more. */
const worthwhile = 2 ** 14;

export interface SharedResults {
  /** The result, or another tensor of its shape and type under an id of its own, in place of it. */
  shared(result: TensorMetadata): TensorMetadata;
  /** Lets go of the memory that is shared. */
  release(): void;
}

export function shareByShape(binding: Binding): SharedResults {
  const first = new Map<string, number>();
  // Identity gives out its input's memory under a new id.
  const aliasOf = (id: number): TensorMetadata => {
    const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    return binding.executeOp('Identity', [type], [id], 1)[0]!;
  };
  return {
    shared(result) {
      const size = result.shape.reduce((product, extent) => product * extent, 1);
      if (result.dtype !== binding.TF_FLOAT || size < worthwhile) return result;
      const shape = result.shape.join();
      const kept = first.get(shape);
      if (kept !== undefined) {
        binding.deleteTensor(result.id);
        return aliasOf(kept);
      }
      first.set(shape, result.id);
      return aliasOf(result.id);
    },
    release() {
      for (const id of first.values()) binding.deleteTensor(id);
      first.clear();
    },
  };
}
