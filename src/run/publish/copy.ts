import { constants } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Completion } from '../../stage/published-copy.ts';

/** Says whether the file at a path below the old copy is the same as in the new one, so that it need not be copied again. */
export type IsSame = (path: string) => boolean;

/**
 * Puts a writable copy of a read-only result at `destination`. It is made beside its place and renamed into it: a reader sees the old copy or
 * the new one. Blocks are shared where the file system can. `completion` is added to a directory's copy.
 */
export async function replaceWithCopy(
  source: string,
  destination: string,
  isSame: IsSame = () => false,
  completion: Completion = {},
): Promise<void> {
  await mkdir(dirname(destination), { recursive: true });
  const beside = join(dirname(destination), `.${basename(destination)}.${process.pid}`);
  const [fresh, old] = [`${beside}.new`, `${beside}.old`];
  await rm(fresh, { recursive: true, force: true });
  try {
    await copyTree(source, fresh, destination, '', isSame);
    for (const [path, text] of Object.entries(completion)) await writeFile(join(fresh, path), text);
    if (await isDirectory(destination)) {
      await rename(destination, old);
      await rename(fresh, destination);
      await rm(old, { recursive: true });
    } else {
      await rename(fresh, destination);
    }
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function copyTree(source: string, copy: string, old: string, path: string, isSame: IsSame): Promise<void> {
  const stat = await lstat(join(source, path));
  if (!stat.isDirectory()) {
    if (path !== '' && isSame(path)) return link(join(old, path), join(copy, path));
    await copyFile(join(source, path), join(copy, path), constants.COPYFILE_FICLONE);
    return chmod(join(copy, path), stat.mode & 0o111 ? 0o755 : 0o644);
  }
  await mkdir(join(copy, path));
  for (const name of await readdir(join(source, path))) await copyTree(source, copy, old, join(path, name), isSame);
}

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}
