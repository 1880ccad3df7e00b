import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Reference data beside the checkout (`KUMIKI_SHARED`, else `../shared`): undefined where it is absent, and tests that need it skip. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const root = process.env.KUMIKI_SHARED ?? join(import.meta.dirname, '../../../shared');
  const path = join(root, ...parts);
  return existsSync(path) ? path : undefined;
}
