import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RequestError } from './request-error.ts';

/** Writes what `--output` asked for, and the folders that it lies in. Throws a `RequestError` if no file can be there. */
export function writeOutput(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new RequestError(`cannot write ${file} (${error.message}): name another file with --output`);
  }
}
