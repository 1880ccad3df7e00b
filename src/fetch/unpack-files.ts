import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { openPromise as openZip } from 'yauzl';
import { FetchError } from './fetch-error.ts';
import { isFile } from './unpack-folder.ts';

/**
 * Unpacks the plain files that are `wanted`, by their path in the archive, from a tar (compressed or not) or zip archive into `target`, an
 * existing directory. Links and paths that lead out of it are left. Throws `FetchError`.
 */
export async function unpackFiles(archive: string, wanted: (path: string) => boolean, target: string): Promise<void> {
  try {
    await ((await isZip(archive)) ? unpackZip : unpackTar)(archive, wanted, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new FetchError(`${archive}: not a whole tar or zip archive: ${(error as Error).message}`);
  }
}

async function isZip(archive: string): Promise<boolean> {
  const file = await open(archive);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.readUInt32LE() === 0x04034b50;
  } finally {
    await file.close();
  }
}

async function unpackTar(archive: string, wanted: (path: string) => boolean, target: string): Promise<void> {
  extract({
    file: archive,
    cwd: target,
    strict: true,
    // Else it would still write when it has told of a damage.
    sync: true,
    filter: (path, entry) => isFile(entry) && wanted(path),
    noMtime: true,
  });
}

async function unpackZip(archive: string, wanted: (path: string) => boolean, target: string): Promise<void> {
  const zip = await openZip(archive, { lazyEntries: true, autoClose: false, strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
      const path = join(target, entry.fileName);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
    }
  } finally {
    zip.close();
  }
}
