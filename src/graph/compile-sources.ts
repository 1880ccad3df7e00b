import { createHash } from 'node:crypto';
import { globSync } from 'tinyglobby';
import type { FileRead } from '../workflow/load.ts';

/** All that decided a plan, besides the request: as long as none of it differs, neither does the plan. */
export interface CompileSources {
  /** Workflow, what it extends, configs, stage modules; absolute paths and `sha256:` digests. */
  readonly files: readonly FileRead[];
  /** Variables that env() read, and the digest of each value; null if it was not set. */
  readonly env: readonly { readonly name: string; readonly digest: string | null }[];
  /** What glob() found: patterns, and the digest of the list. Ask `globDigest` again. */
  readonly globs: readonly { readonly patterns: readonly string[]; readonly digest: string }[];
  /** What was found to exist, by folder (absolute). Ask `allExist` again. */
  readonly exists: readonly FolderNames[];
}

export interface FolderNames {
  readonly folder: string;
  readonly names: readonly string[];
  /** Of the folder, before the names were looked for in it: see `folderState`. */
  readonly state?: string;
}

export function envDigest(value: string | undefined): string | null {
  return value === undefined ? null : digestOf(value);
}

export function globDigest(root: string, patterns: readonly string[]): string {
  return listDigest(listGlob(root, patterns));
}

export function listDigest(files: readonly string[]): string {
  return digestOf(JSON.stringify(files));
}

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Files below the root, sorted by code units; never in `node_modules`, `.git` or the cache. */
export function listGlob(root: string, patterns: readonly string[]): readonly string[] {
  const ignore = ['**/node_modules/**', '**/.git/**', 'cache/**'];
  return globSync([...patterns], { cwd: root, ignore, dot: false, expandDirectories: false }).sort();
}
