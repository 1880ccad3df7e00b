import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const marks = ['kumiki.yaml', 'package.json', '.git'];

/**
 * The folder that relative paths of a workflow start from: the nearest ancestor of its file with `kumiki.yaml`,
 * `package.json` or `.git`, else the file's own folder. `file` is absolute, and need not exist.
 */
export function workspaceRoot(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
    if (folder === dirname(folder)) return dirname(file);
  }
}
