import { join } from 'node:path';

/** A committed test file; the compiled tests find it beside their sources. */
export function fixturePath(name: string): string {
  return join(import.meta.dirname, '../../test/fixtures', name);
}
