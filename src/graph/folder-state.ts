import { statSync } from 'node:fs';
import { unreadable } from '../workflow/unreadable.ts';

/** A change within this time of the last one may leave a folder's time as it was. */
const settleMs = 50;

/** Differs whenever a name came to the folder or went from it; undefined if it has just changed, which proves nothing. */
export function folderState(folder: string): string | undefined {
  try {
    const status = statSync(folder);
    return status.ctimeMs + settleMs > Date.now() ? undefined : `${status.ino} ${status.ctimeMs}`;
  } catch (error) {
    if (unreadable(error) === undefined) throw error;
    return undefined;
  }
}
