import { homedir } from 'node:os';
import { join } from 'node:path';

export type AddonKind = 'cpu' | 'gpu';

/** What the user's checkouts share: the user's cache folder. */
export function sharedCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kumiki');
}

/** Where `kumiki setup tensorflow` puts the addon. */
export function addonFolder(kind: AddonKind): string {
  return join(sharedCache(), `tensorflow-${kind}`);
}
