/** Something that could not be fetched, or is not what was asked for: the message says from where and what to do. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
}
