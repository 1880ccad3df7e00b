import type { Digest, FileRecord } from '../result.ts';
import { digestBytes } from './digest-bytes.ts';

/** Digest of a directory: of its files' (path, size, digest, executable) sorted by path. Empty folders do not count. */
export function digestTree(files: readonly FileRecord[]): Digest {
  const lines = sortedByPath(files).map((file) =>
    JSON.stringify([file.path, file.size, file.digest, file.executable ? 1 : 0]),
  );
  return digestBytes(lines.join('\n'));
}

/** Files by path, in the order of UTF-16 code units, which no locale changes. */
export function sortedByPath<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** The files at or below a path, relative to it, as a digest: that of the one file, or of the subtree. */
export function digestOfPath(files: readonly FileRecord[], path: string): Digest | undefined {
  const wanted = path.replace(/^(\.\/+)+|\/+$/g, '');
  if (wanted === '' || wanted === '.') return digestTree(files);
  const exact = files.find((file) => file.path === wanted);
  if (exact !== undefined) return exact.digest;
  const prefix = `${wanted}/`;
  const below = files.filter((file) => file.path.startsWith(prefix));
  if (below.length === 0) return undefined;
  return digestTree(below.map((file) => ({ ...file, path: file.path.slice(prefix.length) })));
}
