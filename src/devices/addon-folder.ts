import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where `kumiki setup tensorflow` puts the addon: outside every checkout, so that all share it. */
export function addonFolder(which: 'cpu' | 'gpu'): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kumiki', `tensorflow-${which}`);
}
