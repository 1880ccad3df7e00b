import { statSync } from 'node:fs';
import { walkOutput } from './commit/walk-output.ts';
import { digestFileSync, type SizedFile } from './digest/digest-file.ts';
import { type Layout, resultDirectory } from './layout.ts';
import { readManifest } from './manifest.ts';
import type { Digest, Key, Manifest, OutputRecord } from './result.ts';
import { isSealed, sealTime, statusOf } from './seal.ts';

const noManifest = 'its manifest is missing or cannot be read';

export interface ExpectedFile extends SizedFile {
  readonly digest: Digest;
}

/** A result folder as it is, held against its manifest. */
export interface Examined {
  readonly manifest?: Manifest;
  readonly inodes: Readonly<Record<string, number>>;
  /** What is wrong for certain: one sentence each. */
  readonly problems: readonly string[];
  /** Files to digest before more can be said: written to since they were sealed. */
  readonly touched: readonly ExpectedFile[];
  /** Folders that something was added to or taken from since they were sealed, the deepest first. */
  readonly folders: readonly string[];
  readonly files: readonly ExpectedFile[];
}

/** Looks at names, sizes and times; undefined if there is no such folder. */
export function examineResult(layout: Layout, key: Key): Examined | undefined {
  const directory = resultDirectory(layout, key);
  if (statusOf(directory) === undefined) return undefined;
  const manifest = readManifest(layout, key);
  if (manifest === undefined) {
    return { inodes: {}, problems: [noManifest], touched: [], folders: [], files: [] };
  }
  const inodes: Record<string, number> = {};
  const problems: string[] = [];
  const touched: ExpectedFile[] = [];
  const folders: string[] = [];
  const files: ExpectedFile[] = [];
  for (const [name, record] of Object.entries(manifest.outputs)) {
    const root = `${directory}/${name}`;
    const status = statusOf(root);
    if (status === undefined) {
      problems.push(`output '${name}' is missing`);
      continue;
    }
    inodes[name] = status.ino;
    const expected = expectedFiles(root, record);
    const tree = walkOutput(root, status);
    folders.push(...tree.folders.filter((folder) => !isSealed(statSync(folder))));
    for (const { absolute, status: found } of tree.files) {
      const file = expected.get(absolute);
      if (file === undefined) problems.push(`'${absolute}' does not belong there`);
      else if (file.size !== found.size) problems.push(`'${absolute}' has ${found.size} bytes, not ${file.size}`);
      else {
        files.push(file);
        if (!isSealed(found)) touched.push(file);
      }
      expected.delete(absolute);
    }
    for (const path of expected.keys()) problems.push(`'${path}' is missing`);
  }
  return { manifest, inodes, problems, touched, folders, files };
}

/**
 * Reads these files, and seals what was touched but is unchanged, so that it need not be read again.
 * Returns a sentence for each that has changed.
 */
export function digestExamined(examined: Examined, files: readonly ExpectedFile[]): string[] {
  const changed = files.filter((file) => digestFileSync(file.path, file.size) !== file.digest);
  if (changed.length === 0) sealAgain(examined);
  return changed.map(otherBytes);
}

export function sealAgain({ touched, folders }: Examined): void {
  try {
    for (const file of touched) sealTime(file.path);
    for (const folder of folders) sealTime(folder);
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

export function otherBytes(file: ExpectedFile): string {
  return `'${file.path}' has other bytes than its manifest says`;
}

function expectedFiles(root: string, record: OutputRecord): Map<string, ExpectedFile> {
  if (record.kind === 'file') return new Map([[root, { path: root, size: record.size, digest: record.digest }]]);
  const files = record.files ?? [];
  return new Map(
    files.map(({ path, size, digest }) => [`${root}/${path}`, { path: `${root}/${path}`, size, digest }] as const),
  );
}
