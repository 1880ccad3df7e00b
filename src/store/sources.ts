import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestFiles } from './digest/digest-file.ts';
import { digestTree } from './digest/digest-tree.ts';
import { storeLayout } from './layout.ts';
import { newHolderId } from './locks/holder.ts';
import type { Digest, FileRecord } from './result.ts';
import { isExecutable } from './seal.ts';
import { openSegments, type Row } from './segments.ts';
import type { Sources } from './store.ts';
import { ifWritable, StoreError } from './store-error.ts';

/** Segments from which on they are merged. What a process adds to a merged one is lost, and digested again. */
const manySegments = 16;

/**
 * A file written to within this time may be written to again without its times showing it. Before such a file is
 * read, the time is waited out.
 */
const settleMs = 50;

/**
 * What is remembered of a file: the digest holds as long as the rest is the same. `seenMs` is when it was looked at, by this machine's
 * clock. A row is kept as it is written (with 0 for its number before that): a no-op asks for each once, and would unpack all of them.
 */
type SourceRow = readonly [
  number: number,
  path: string,
  size: number,
  mtimeMs: number,
  ctimeMs: number,
  inode: number,
  seenMs: number,
  hexDigest: string,
];

/** Opens the index of files outside the store that is kept in a cache folder, which need not exist yet. */
export async function openSources(cacheDirectory: string): Promise<Sources> {
  const segments = openSegments(storeLayout(cacheDirectory).sources, newHolderId());
  const rows = new Map<string, SourceRow>();
  for (const row of segments.rows) if (isSourceRow(row)) rows.set(row[1], row);
  const fresh = new Map<string, SourceRow>();
  const unsaved = new Set<string>();
  const underway = new Map<string, Promise<Digest>>();

  /** What this process read itself holds for its life, also of a file whose times prove nothing. */
  const lookup = (path: string, status: Stats): Digest | undefined => {
    const own = fresh.get(path);
    return own !== undefined && isSame(own, status) ? digestIn(own) : lookupSettled(path, status);
  };

  const lookupSettled = (path: string, status: Stats): Digest | undefined => {
    const row = fresh.get(path) ?? rows.get(path);
    return row !== undefined && isSame(row, status) && isSettled(status, row[6]) ? digestIn(row) : undefined;
  };

  /** Most sources are one file, and a no-op asks for each of them: no list is made for it. */
  const known = (path: string): Digest | undefined =>
    unlessGone(() => {
      const status = statSync(path);
      return status.isFile() ? lookup(path, status) : knownBelow(path);
    });

  const knownBelow = (directory: string): Digest | undefined => {
    const files = filesAt(directory);
    const digests = files.map((file) => lookup(file.absolute, file.status));
    return digests.every((digest) => digest !== undefined) ? digestOf(files, digests) : undefined;
  };

  const digestAgain = async (files: readonly SourceFile[]): Promise<Digest[]> => {
    await settle(files);
    const before = files.map((file) => statSync(file.absolute));
    const seenMs = Date.now();
    const digests = await digestFiles(files.map((file, index) => ({ path: file.absolute, size: before[index]!.size })));
    for (const [index, { absolute }] of files.entries()) {
      const { size, mtimeMs, ctimeMs, ino } = before[index]!;
      const hexDigest = digests[index]!.slice('sha256:'.length);
      const row: SourceRow = [0, absolute, size, mtimeMs, ctimeMs, ino, seenMs, hexDigest];
      if (!isSame(row, statSync(absolute))) throw keepsChanging(absolute);
      fresh.set(absolute, row);
      unsaved.add(absolute);
    }
    return digests;
  };

  const digestBy = async (path: string, recall: typeof lookup): Promise<Digest> => {
    const files = filesAt(path);
    const recalled = files.map((file) => recall(file.absolute, file.status));
    const again = await digestAgain(files.filter((_, index) => recalled[index] === undefined));
    let next = 0;
    return digestOf(
      files,
      recalled.map((digest) => digest ?? again[next++]!),
    );
  };

  return {
    known,
    digest(path) {
      const begun = underway.get(path);
      if (begun !== undefined) return begun;
      const digest = digestBy(path, lookup).finally(() => underway.delete(path));
      underway.set(path, digest);
      return digest;
    },
    async unchanged(path, expected) {
      try {
        return (await digestBy(path, lookupSettled)) === expected;
      } catch (error) {
        if (error instanceof StoreError || (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    },
    located: (path) => path,
    async save() {
      if (unsaved.size === 0) return;
      ifWritable(() => {
        for (const row of segments.append([...unsaved].map((path) => fresh.get(path)!.slice(1))))
          if (isSourceRow(row)) rows.set(row[1], row);
        segments.close();
        unsaved.clear();
        if (segments.count >= manySegments) segments.compact([...rows.values()], () => false);
      });
    },
  };
}

interface SourceFile {
  /** Relative to the directory that was asked for. */
  readonly path: string;
  readonly absolute: string;
  readonly status: Stats;
}

/** The file, or the files of the directory, at a path. Throws the system's error if something is not there. */
function filesAt(path: string): readonly SourceFile[] {
  const status = statSync(path);
  if (status.isDirectory()) return filesBelow(path);
  if (status.isFile()) return [{ path: '', absolute: path, status }];
  const message = `${path} is neither a file nor a directory: its content cannot be told before it is read`;
  throw new StoreError({ reason: 'cannot-start', message });
}

/** Regular files below a directory, links followed; a directory that holds itself by a link is entered once. */
function filesBelow(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (directory: string, path: string, above: readonly string[]) => {
    const real = realpathSync(directory);
    if (above.includes(real)) return;
    for (const name of readdirSync(directory).sort()) {
      const absolute = `${directory}/${name}`;
      const below = path === '' ? name : `${path}/${name}`;
      const status = statSync(absolute);
      if (status.isDirectory()) visit(absolute, below, [...above, real]);
      else if (status.isFile()) files.push({ path: below, absolute, status });
    }
  };
  visit(root, '', []);
  return files;
}

/** Undefined if something vanished or cannot be read: `digest` will say what. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Of the one file itself, or of the tree. */
function digestOf(files: readonly SourceFile[], digests: readonly Digest[]): Digest {
  if (files[0]?.path === '') return digests[0]!;
  return digestTree(
    files.map(({ path, status }, index): FileRecord => {
      return { path, size: status.size, digest: digests[index]!, executable: isExecutable(status) };
    }),
  );
}

function keepsChanging(path: string): StoreError {
  const message = `${path} was written to while it was read: wait until it is complete, and run again`;
  return new StoreError({ reason: 'input-changed', message });
}

/** By position: destructuring would iterate over the row. */
function isSame(row: SourceRow, { size, mtimeMs, ctimeMs, ino }: Stats): boolean {
  return row[2] === size && row[3] === mtimeMs && row[4] === ctimeMs && row[5] === ino;
}

function digestIn(row: SourceRow): Digest {
  return `sha256:${row[7]}`;
}

function isSourceRow(row: Row): row is SourceRow {
  return row.length === 8 && typeof row[1] === 'string' && typeof row[7] === 'string';
}

/** Times in the future of the look (a clock was set back) prove nothing. */
function isSettled({ mtimeMs, ctimeMs }: Stats, seenMs: number): boolean {
  return Math.max(mtimeMs, ctimeMs) + settleMs <= seenMs;
}

/** Waits until what was just written cannot be written again within the same tick of the clock. */
async function settle(files: readonly SourceFile[]): Promise<void> {
  const now = Date.now();
  const newest = files.reduce((latest, { status }) => Math.max(latest, settledAt(status, now)), 0);
  if (newest > now) await sleep(newest - now);
}

function settledAt({ mtimeMs, ctimeMs }: Stats, now: number): number {
  const written = Math.max(mtimeMs, ctimeMs);
  return written <= now ? Math.ceil(written + settleMs) : 0;
}
