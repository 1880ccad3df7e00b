import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordError } from '../../tensorflow/tfrecord.ts';

/** Files of records as given, and all files below directories in the order of their names. Throws `RecordError` if there are none. */
export async function recordFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    if ((await stat(path)).isDirectory()) files.push(...(await filesBelow(path)));
    else files.push(path);
  }
  if (files.length === 0) throw new RecordError(`${paths.join(', ')}: no files of records there.`);
  return files;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
