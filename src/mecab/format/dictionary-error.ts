/** A dictionary that cannot be used: which file, and why. */
export class DictionaryError extends Error {
  readonly file: string;

  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
    this.name = 'DictionaryError';
    this.file = file;
  }
}
