import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shellQuote } from '../shell-quote.ts';
import { type Bucket, type Content, largestRead, type ObjectFacts } from './bucket.ts';
import { RemoteError } from './remote-error.ts';

/** Drafts lie in a folder of their own, so that no listing shows them. */
const draftFolder = '.drafts';

/** A draft that nothing was written to for so long belongs to nobody any more: its writer was killed, or its machine lost. */
const draftAgeMs = 86_400_000;

/** A folder as a bucket: each object is a file, and appears whole under its name or not at all. */
export function openDirectoryBucket(directory: string, parallel: number): Bucket {
  const pathOf = (name: string) => join(directory, name);
  let swept: Promise<void> | undefined;

  /** A whole, durable file with this content, not under its name yet. */
  const draft = async (content: Content): Promise<string> => {
    const path = join(directory, draftFolder, randomBytes(12).toString('hex'));
    await mkdir(dirname(path), { recursive: true });
    swept ??= removeOldDrafts(dirname(path));
    await swept;
    try {
      if ('file' in content) await copyFile(content.file, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      const file = await open(path, 'file' in content ? 'r' : 'wx');
      try {
        if ('bytes' in content) await file.writeFile(content.bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      return path;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  };

  const place = async (name: string, content: Content, put: (from: string, to: string) => Promise<void>) => {
    const path = await draft(content);
    try {
      await mkdir(dirname(pathOf(name)), { recursive: true });
      await put(path, pathOf(name));
    } finally {
      await rm(path, { force: true });
    }
  };

  return {
    url: directory,
    parallel,
    stat: (name) => inWords(directory, () => factsOf(pathOf(name), name)),
    async *list(prefix) {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      for await (const facts of filesBelow(directory, folder)) if (facts.name.startsWith(prefix)) yield facts;
    },
    read: (name) =>
      inWords(directory, async () => {
        const facts = await factsOf(pathOf(name), name);
        if (facts === undefined) return undefined;
        if (facts.size > largestRead)
          throw new RemoteError('poisoned', `${pathOf(name)} is too large: ${facts.size} bytes`);
        return await readFile(pathOf(name));
      }),
    create: (name, content, options) =>
      inWords(directory, async () => {
        if ((await factsOf(pathOf(name), name)) !== undefined) return 'exists';
        let made: 'created' | 'exists' = 'created';
        await place(name, content, async (from, to) => {
          try {
            await link(from, to);
          } catch (error) {
            if (codeOf(error) !== 'EEXIST') throw error;
            made = 'exists';
          }
        });
        options?.onBytes?.(sizeOf(content));
        return made;
      }),
    replace: (name, content, options) =>
      inWords(directory, async () => {
        await place(name, content, rename);
        options?.onBytes?.(sizeOf(content));
      }),
    remove: (name) => inWords(directory, () => rm(pathOf(name), { force: true })),
    download: (name, path, options) =>
      inWords(directory, async () => {
        const facts = await factsOf(pathOf(name), name);
        if (facts === undefined) return false;
        options?.signal?.throwIfAborted();
        if (facts.size > (options?.size ?? facts.size)) {
          throw new RemoteError('poisoned', `${pathOf(name)} is larger than ${options?.size} bytes`);
        }
        await copyFile(pathOf(name), path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
        await chmod(path, 0o644);
        options?.onBytes?.(facts.size);
        return true;
      }),
    removalCommand: (name) => `rm ${shellQuote(pathOf(name))}`,
  };
}

/** What cannot be removed stays: another machine was faster, or it is another user's. */
async function removeOldDrafts(folder: string): Promise<void> {
  for (const { name } of await entriesOf(folder)) {
    const path = join(folder, name);
    try {
      if ((await stat(path)).mtimeMs < Date.now() - draftAgeMs) await rm(path);
    } catch {}
  }
}

function sizeOf(content: Content): number {
  return 'file' in content ? content.size : content.bytes.byteLength;
}

async function factsOf(path: string, name: string): Promise<ObjectFacts | undefined> {
  try {
    const status = await stat(path);
    if (!status.isFile()) return undefined;
    return { name, size: status.size, generation: `${status.ino}-${status.mtimeMs}` };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

async function* filesBelow(directory: string, folder: string): AsyncGenerator<ObjectFacts> {
  for (const entry of await entriesOf(join(directory, folder))) {
    const name = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      if (name !== draftFolder) yield* filesBelow(directory, `${name}/`);
    } else {
      const facts = await factsOf(join(directory, name), name);
      if (facts) yield facts;
    }
  }
}

async function entriesOf(path: string) {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** What fails in the folder itself is told of the folder: the local disk has messages of its own. */
async function inWords<T>(directory: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { path = '', dest, code = '' } = error as NodeJS.ErrnoException & { dest?: string };
    const written = dest ?? path;
    const concerned = ['ENOSPC', 'EDQUOT'].includes(code) ? [written] : [path, written];
    if (!concerned.some((each) => each === directory || each.startsWith(`${directory}/`))) throw error;
    throw describeSystemError(error as NodeJS.ErrnoException, directory);
  }
}

function describeSystemError(error: NodeJS.ErrnoException, directory: string): Error {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new RemoteError(
        'forbidden',
        `the remote ${directory} cannot be written or read (${error.message}): mend its permissions`,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new RemoteError('unavailable', `the remote ${directory} is full: make room there, and run again`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new RemoteError('no-bucket', `the remote ${directory} is no folder (${error.message}): correct its path`);
    case 'ENOENT':
    case 'EIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
      return new RemoteError(
        'unavailable',
        `the remote ${directory} cannot be reached (${error.message}): run again when it is back`,
      );
    default:
      return error;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
