import type { StoredResult } from './store.ts';

/** Bytes of all outputs of a result. */
export function sizeOf({ outputs }: Pick<StoredResult, 'outputs'>): number {
  return Object.values(outputs).reduce((sum, { size }) => sum + size, 0);
}
