/** Model Garden's trainer cannot be had, or has failed: the message says why and what to do. */
export class ModelGardenError extends Error {
  override readonly name = 'ModelGardenError';
}
