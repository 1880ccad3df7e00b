/** A request for pretraining data that cannot be met: the message says what is wrong and what to do. */
export class PretrainingError extends Error {
  override readonly name = 'PretrainingError';
}
