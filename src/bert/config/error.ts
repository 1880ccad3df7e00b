/** A configuration that cannot be used: the message names the key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
