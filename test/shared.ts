import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reference data beside the checkout (`KUMIKI_SHARED`, else `../shared`): undefined where it is absent, and tests that need it skip.
 * With KUMIKI_REQUIRE_SHARED set a missing file is an error, so that nothing is skipped unseen where the data should be.
 */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const root = process.env.KUMIKI_SHARED ?? join(import.meta.dirname, '../../../shared');
  const path = join(root, ...parts);
  if (existsSync(path)) return path;
  if (process.env.KUMIKI_REQUIRE_SHARED) throw new Error(`${path} is missing`);
  return undefined;
}
