import { execFile } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Above this many folders, or files, one `sync -f` of the whole file system is cheaper than an fsync per file. */
const manyFolders = 16;
const manyFiles = 128;

/** Files that are synced at the same time. */
const atOnce = 8;

/** Resolves when these folders, all in `parent`, and their names are on disk. Folders that are gone are skipped. */
export async function syncResults(parent: string, folders: readonly string[]): Promise<void> {
  if (folders.length > manyFolders && (await syncFileSystem(parent))) return;
  const paths = (await Promise.all(folders.map(pathsBelow))).flat();
  if (paths.length > manyFiles && (await syncFileSystem(parent))) return;
  const next = paths.values();
  const lane = async () => {
    for (const path of next) await syncPath(path);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await syncPath(parent);
}

/** syncfs(2), which Node lacks, through coreutils; false where there is no such program. */
function syncFileSystem(directory: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('sync', ['-f', directory], (error) => resolve(error === null));
  });
}

async function pathsBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return [...entries.map((entry) => join(entry.parentPath, entry.name)), folder];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function syncPath(path: string): Promise<void> {
  try {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
