/** The folder of a training that is under way; it outlives the process. What is published from it depends on no interruption. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface WorkFolder {
  readonly path: string;
  /** Checkpoints that were due. */
  readonly modelDirectory: string;
  /** One that was not: of a training that was asked to stop. */
  readonly interrupted: string;
  readonly log: string;
  /** Drops what only an unfinished training needs. */
  finish(): void;
}

export function openWorkFolder(path: string): WorkFolder {
  const modelDirectory = join(path, 'model_dir');
  const interrupted = join(path, 'interrupted');
  for (const folder of [modelDirectory, interrupted]) mkdirSync(folder, { recursive: true });
  return {
    path,
    modelDirectory,
    interrupted,
    log: join(path, 'log.jsonl'),
    finish: () => rmSync(interrupted, { recursive: true, force: true }),
  };
}
