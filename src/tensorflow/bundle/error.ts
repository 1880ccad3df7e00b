/** A checkpoint that cannot be read or does not fit: the message names the file or tensor and what to do. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}
