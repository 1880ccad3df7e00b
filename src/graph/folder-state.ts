import { statSync } from 'node:fs';

/** A change within this time of the last one may leave a folder's time as it was. */
const settleMs = 50;

/** Differs whenever a name came to the folder or went from it; undefined if it has just changed, which proves nothing. */
export function folderState(folder: string): string | undefined {
  const status = statSync(folder, { throwIfNoEntry: false });
  if (status === undefined || status.ctimeMs + settleMs > Date.now()) return undefined;
  return `${status.ino} ${status.ctimeMs}`;
}
