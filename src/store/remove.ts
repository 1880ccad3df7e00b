import { chmodSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

export function unlinkIfThere(path: string): void {
  ignoring(['ENOENT'], () => unlinkSync(path));
}

/** Moves something out of its place at once; false if it is not there. */
export function moveAway(path: string, to: string): boolean {
  return ignoring(['ENOENT'], () => renameSync(path, to));
}

/** Deletes a folder tree, also one whose folders are not writable. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    makeFoldersWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

function makeFoldersWritable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) makeFoldersWritable(join(directory, entry.name));
  }
}

/** Names in a folder; none if there is no such folder. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function ignoring(codes: readonly string[], action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
