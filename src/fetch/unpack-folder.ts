import { createWriteStream } from 'node:fs';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, list } from 'tar';
import { type Entry, openPromise as openZip } from 'yauzl';
import { FetchError } from './fetch-error.ts';

/**
 * Unpacks the plain files beside the one named `marker` from a tar (compressed or not) or zip archive (also a wheel)
 * into `target`, an existing directory. Files in folders below it, links and all else are left. Throws `FetchError`.
 */
export async function unpackFolder(archive: string, marker: string, target: string): Promise<void> {
  const unpack = /\.(zip|whl)$/i.test(archive) ? unpackZipFolder : unpackTarFolder;
  let found: boolean;
  try {
    found = await unpack(archive, marker, target);
  } catch (error) {
    throw new FetchError(`${archive}: not a whole archive: ${(error as Error).message}`);
  }
  if (!found) throw new FetchError(`${archive}: no file named ${marker} in it`);
}

async function unpackTarFolder(archive: string, marker: string, target: string): Promise<boolean> {
  let folder: string | undefined;
  await list({
    file: archive,
    strict: true,
    onReadEntry(entry) {
      if (isFile(entry) && posix.basename(entry.path) === marker) folder ??= posix.dirname(entry.path);
    },
  });
  if (folder === undefined) return false;
  extract({
    file: archive,
    cwd: target,
    strict: true,
    // Else it would still write when it has told of a damage.
    sync: true,
    strip: folder === '.' ? 0 : folder.split('/').length,
    filter: (path, entry) => isFile(entry) && posix.dirname(path) === folder,
    noMtime: true,
  });
  return true;
}

export const isFile = (entry: object) => 'type' in entry && (entry.type === 'File' || entry.type === 'OldFile');

async function unpackZipFolder(archive: string, marker: string, target: string): Promise<boolean> {
  const zip = await openZip(archive, { lazyEntries: true, autoClose: false, strictFileNames: true });
  try {
    const files: Entry[] = [];
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith('/')) files.push(entry);
    const marked = files.find((entry) => posix.basename(entry.fileName) === marker);
    if (!marked) return false;
    const folder = posix.dirname(marked.fileName);
    for (const entry of files.filter((each) => posix.dirname(each.fileName) === folder)) {
      const content = await zip.openReadStreamPromise(entry);
      await pipeline(content, createWriteStream(join(target, posix.basename(entry.fileName))));
    }
    return true;
  } finally {
    zip.close();
  }
}
