/** The request was wrong: shown as it is, and the exit code is 2. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}
