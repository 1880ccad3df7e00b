import type { StoreContext } from './context.ts';
import { examineResult } from './examine.ts';
import { isShallow, looksWhole } from './find-result.ts';
import { resultDirectory } from './layout.ts';
import type { Key } from './result.ts';
import { isSealed, statusOf } from './seal.ts';

/** Absolute paths of what was changed in a result since it was sealed, by names, sizes and times. */
export function tamperedPaths({ layout, journal }: StoreContext, key: Key): string[] {
  const directory = resultDirectory(layout, key);
  const folder = statusOf(directory);
  if (folder === undefined || !isSealed(folder)) return [directory];
  const noted = journal.get(key);
  if (noted !== undefined && isShallow(noted) && looksWhole(layout, noted)) return [];
  const found = examineResult(layout, key);
  if (found === undefined || found.problems.length > 0) return [directory];
  return [...found.touched.map((file) => file.path), ...found.folders];
}
