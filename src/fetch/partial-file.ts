import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the bytes fetched so far are part of: without it, nobody can tell whether the rest still belongs to them. */
export interface Origin {
  readonly url: string;
  /** Strong ETag, or Last-Modified. */
  readonly validator?: string;
  readonly size?: number;
}

/** A file that is fetched bit by bit, by several processes one after the other. */
export interface PartialFile {
  readonly path: string;
  readonly length: number;
  readonly origin: Origin | undefined;
  /** Forgets what is there and notes where the new bytes come from. */
  restart(origin: Origin | undefined): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export async function openPartialFile(directory: string): Promise<PartialFile> {
  const path = join(directory, 'partial');
  const originPath = join(directory, 'partial-origin.json');
  let origin = await readOrigin(originPath);
  if (!origin) await rm(path, { force: true });
  const file: FileHandle = await open(path, 'a');
  let length = (await stat(path)).size;

  return {
    path,
    get length() {
      return length;
    },
    get origin() {
      return origin;
    },
    async restart(next) {
      await rm(originPath, { force: true });
      await file.truncate(0);
      length = 0;
      origin = next;
      if (!next) return;
      await writeFile(`${originPath}.new`, JSON.stringify(next));
      await rename(`${originPath}.new`, originPath);
    },
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at);
        at += bytesWritten;
        length += bytesWritten;
      }
    },
    close: () => file.close(),
  };
}

async function readOrigin(path: string): Promise<Origin | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined; // Absent, or cut short by a crash: the bytes beside it are of no use.
  }
}
