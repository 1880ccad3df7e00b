import { execFile } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Deleting takes the engine much time, file by file, and a process of its own little: so long folders are gathered for one. */
const gatherMs = 5_000;

/** So many fit into the words of one command. */
const mostPaths = 1_000;

export interface Trash {
  /** A path that nothing has yet: what is moved there is deleted soon. */
  path(key: string): string;
  /** Deletes all that is there. */
  empty(): Promise<void>;
}

/** Where folders of `cache/slurm` go at once that are done with. */
export function createTrash(slurmFolder: string): Trash {
  const directory = join(slurmFolder, 'trash');
  let gathered: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let deleted = Promise.resolve();
  let made = 0;
  let isThere = false;

  const remove = () => {
    clearTimeout(timer);
    timer = undefined;
    const paths = gathered;
    gathered = [];
    // What stays here `cache gc` finds.
    if (paths.length > 0)
      deleted = deleted.then(() => new Promise((done) => execFile('rm', ['-rf', '--', ...paths], () => done())));
  };
  return {
    path(key) {
      if (!isThere) mkdirSync(directory, { recursive: true });
      isThere = true;
      const path = join(directory, `${key}.${process.pid}.${++made}`);
      gathered.push(path);
      if (gathered.length === mostPaths) remove();
      timer ??= setTimeout(remove, gatherMs);
      return path;
    },
    async empty() {
      remove();
      await deleted;
      isThere = false;
      try {
        rmdirSync(directory);
      } catch {
        // Another engine's are there, or there never were any.
      }
    },
  };
}
