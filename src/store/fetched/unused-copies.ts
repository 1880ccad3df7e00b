import { namesIn } from '../remove.ts';
import { statusOf } from '../seal.ts';

/** A workflow that is not run for so long fetches its objects again. */
const unusedMs = 90 * 24 * 3600 * 1000;

/** A draft of this age is nobody's any more. */
const draftMs = 24 * 3600 * 1000;

/** Copies of objects in `cache/fetched` that nothing has read for long; content stays as long as a folder shows it. Absolute paths. */
export function unusedCopies(fetched: string, now: number): string[] {
  const olderThan = (folder: string, ms: number) =>
    namesIn(`${fetched}/${folder}`)
      .map((name) => `${fetched}/${folder}/${name}`)
      .filter((path) => now - (statusOf(path)?.mtimeMs ?? now) > ms);
  const unshown = olderThan('content', 0).filter((path) => {
    const status = statusOf(path);
    return status?.nlink === 1 && now - status.ctimeMs > draftMs;
  });
  return [...olderThan('folders', unusedMs), ...olderThan('drafts', draftMs), ...unshown];
}
