import { mkdirSync } from 'node:fs';

/** As `mkdir -p`. Of a file system that may only be read Node then says ENOENT; a plain `mkdir` says what it is. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(path);
  }
}
