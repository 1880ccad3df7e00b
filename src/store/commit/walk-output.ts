import { chmodSync, readdirSync, type Stats } from 'node:fs';
import { statusOf } from '../seal.ts';

export interface FoundFile {
  /** Relative to the output; empty for an output that is a file. */
  readonly path: string;
  readonly absolute: string;
  readonly status: Stats;
}

/** Everything below an output: regular files, folders, and what a result must not hold. */
export interface FoundTree {
  readonly files: readonly FoundFile[];
  /** Absolute, the deepest first. */
  readonly folders: readonly string[];
  /** Symlinks, sockets, devices and names that are not UTF-8, relative to the output, and what they are. */
  readonly refused: readonly { readonly path: string; readonly what: string }[];
}

/** Walks an output that is a file or a directory. Folders that cannot be entered are opened to their owner. */
export function walkOutput(root: string, status: Stats): FoundTree {
  const files: FoundFile[] = [];
  const folders: string[] = [];
  const refused: { path: string; what: string }[] = [];
  visit('', root, status);
  return { files, folders, refused };

  function visit(path: string, absolute: string, found: Stats): void {
    if (found.isFile()) files.push({ path, absolute, status: found });
    else if (found.isDirectory()) visitFolder(path, absolute, found);
    else refused.push({ path, what: whatIs(found) });
  }

  function visitFolder(path: string, absolute: string, found: Stats): void {
    if ((found.mode & 0o777) !== 0o755) chmodSync(absolute, 0o755);
    for (const name of readdirSync(absolute)) {
      const below = path === '' ? name : `${path}/${name}`;
      const status = statusOf(`${absolute}/${name}`);
      if (status === undefined) refused.push({ path: below, what: 'a name that is not UTF-8' });
      else visit(below, `${absolute}/${name}`, status);
    }
    folders.push(absolute);
  }
}

function whatIs(status: Stats): string {
  if (status.isSymbolicLink()) return 'a symbolic link';
  if (status.isSocket()) return 'a socket';
  if (status.isFIFO()) return 'a named pipe';
  return 'a device';
}
