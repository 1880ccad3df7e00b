import { availableParallelism } from 'node:os';
import { z } from 'zod';

/** The parameter that stages with worker threads share: how, not what. */
export const threads = z
  .number()
  .int()
  .min(1)
  .optional()
  .describe('Worker threads; as many as the cpu granted unless given');

export function grantedThreads(wanted: number | undefined, resources: Readonly<Record<string, number>>): number {
  return wanted ?? Math.max(1, Math.floor(resources.cpu ?? availableParallelism()));
}
