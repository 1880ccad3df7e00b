/** A model's file that cannot be read, or that does not fit: the message names the file, what is wrong, and where there is one the remedy. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}
