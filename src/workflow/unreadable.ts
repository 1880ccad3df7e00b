import { lstatSync, readlinkSync, statSync } from 'node:fs';

/** What a path can be at fault for, in words that follow it. */
const faults: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EACCES', 'cannot be read: permission denied'],
  ['ELOOP', 'is a link that leads round in a circle'],
  ['ENAMETOOLONG', 'is longer than a path can be'],
]);

/** Why a path could not be read, in words that follow it; undefined if that is no fault of the path. */
export function unreadable(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? faults.get(error.code) : undefined;
}

/** Why there is no file and no directory at a path, in words that follow it. */
export function whyNothingAt(path: string): string {
  try {
    statSync(path);
    return 'is neither a file nor a directory';
  } catch (error) {
    const why = unreadable(error);
    if (why === undefined) throw error;
    const target = why === 'does not exist' ? linkTarget(path) : undefined;
    return target === undefined ? why : `is a link to ${target}, which does not exist`;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
