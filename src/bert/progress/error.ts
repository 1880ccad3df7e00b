/** A training that cannot start or go on: the message says why and what to do. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}
