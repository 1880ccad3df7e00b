import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Gives a run another name, or takes its name away. */
export function nameRun(directory: string, name: string | undefined): void {
  const file = join(directory, 'run.json');
  const { name: _, ...facts } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(`${file}.draft`, `${JSON.stringify({ ...facts, ...(name !== undefined && { name }) }, null, 2)}\n`);
  renameSync(`${file}.draft`, file);
}
