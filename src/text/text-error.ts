/** Text that cannot be used: the message names the file, the place in it, and what was expected. */
export class TextError extends Error {
  override readonly name = 'TextError';
}
