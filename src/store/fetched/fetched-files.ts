import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile } from '../digest/digest-file.ts';
import type { Digest, FileRecord } from '../result.ts';
import { isSealed, sealFileMode, sealTime, statusOf } from '../seal.ts';

/** Copies of objects in a cache folder: content by digest, and folders that show it under the names that it has in the bucket. */
export interface FetchedFiles {
  /** Is this content here, untouched? */
  has(digest: Digest, size: number): Promise<boolean>;
  /** Takes what `fetch` writes to a path; resolves with its digest and size. */
  add(fetch: (path: string) => Promise<void>): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** Absolute path of a folder that holds these files, all of which are here; made if need be. `name` tells it from others. */
  folder(name: Digest, files: readonly FileRecord[]): Promise<string>;
}

export function openFetchedFiles(directory: string): FetchedFiles {
  const contentPath = (digest: Digest) => join(directory, 'content', digest.slice('sha256:'.length));
  const draftPath = async () => {
    await mkdir(join(directory, 'drafts'), { recursive: true });
    return join(directory, 'drafts', randomBytes(12).toString('hex'));
  };

  return {
    async has(digest, size) {
      const path = contentPath(digest);
      const status = statusOf(path);
      if (status === undefined) return false;
      if (status.size === size && isSealed(status)) return true;
      if (status.size === size && (await digestFile(path, size)) === digest) {
        sealTime(path);
        return true;
      }
      await rm(path, { force: true });
      return false;
    },
    async add(fetch) {
      const draft = await draftPath();
      try {
        await fetch(draft);
        const status = statusOf(draft)!;
        const digest = await digestFile(draft, status.size);
        sealFileMode(draft, status);
        sealTime(draft);
        await mkdir(join(directory, 'content'), { recursive: true });
        await rename(draft, contentPath(digest));
        return { digest, size: status.size };
      } finally {
        await rm(draft, { force: true });
      }
    },
    async folder(name, files) {
      const place = join(directory, 'folders', name.slice('sha256:'.length));
      if (existsSync(place) && files.every((file) => isLinked(join(place, file.path), contentPath(file.digest)))) {
        await touch(place);
        return place;
      }
      const draft = await draftPath();
      for (const file of files) {
        const path = join(draft, file.path);
        await mkdir(dirname(path), { recursive: true });
        await linkOrCopy(contentPath(file.digest), path);
      }
      await mkdir(dirname(place), { recursive: true });
      await rm(place, { recursive: true, force: true });
      await rename(draft, place).catch((error) => {
        // Another process made the same one meanwhile.
        if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
      });
      await rm(draft, { recursive: true, force: true });
      await touch(place);
      return place;
    },
  };
}

function isLinked(path: string, content: string): boolean {
  const [own, there] = [statusOf(path), statusOf(content)];
  return own !== undefined && there !== undefined && own.size === there.size && isSealed(own);
}

/** Tells `gc` that it was in use. */
async function touch(place: string): Promise<void> {
  const now = new Date();
  await utimes(place, now, now).catch(() => {});
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EMLINK', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(from, to);
    sealTime(to);
  }
}
