import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../graph/plan.ts';
import type { Digest, Key } from '../../store/result.ts';
import { inStore } from '../../store/store-error.ts';
import { openAppendLog } from './append-log.ts';

/** `cache/runs/RUN`: all that a run leaves for those who watch it, and for those who come later. */
export interface RunFolder {
  readonly id: string;
  readonly directory: string;
  readonly events: string;
  readonly control: string;
  logPath(instance: string, attempt: number): string;
  eventsPath(instance: string, attempt: number): string;
  /** Keeps the merged workflow, a JSON file of the compiled plans, with the run. */
  keepWorkflow(mergedFile: string): void;
  /** A file that holds a value of the workflow, for stages that read it as an input. */
  writeValue(value: Json, digest: Digest): string;
  /** Notes keys that the run reads or makes, so that `gc` keeps them. */
  noteKeys(keys: readonly (readonly [instance: string, key: Key])[]): void;
  /** Throws a `StoreError` if not all that was noted could be written. */
  close(): void;
}

/** Makes the folder of a run that starts now. Throws a `StoreError` if the cache folder cannot be written. */
export function createRunFolder(cache: string, facts: { readonly [name: string]: Json }): RunFolder {
  const id = inStore(cache, () => makeFolder(join(cache, 'runs')));
  const directory = join(cache, 'runs', id);
  const keyLog = inStore(cache, () => {
    for (const name of ['logs', 'values', 'metrics']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'run.json'), `${JSON.stringify({ format: 1, id, ...facts }, null, 2)}\n`);
    return openAppendLog(join(directory, 'keys.ndjson'));
  });
  return {
    id,
    directory,
    events: join(directory, 'events.jsonl'),
    control: join(directory, 'control.jsonl'),
    logPath: (instance, attempt) => join(directory, 'logs', `${fileName(instance)}.${attempt}.log`),
    eventsPath: (instance, attempt) => join(directory, 'metrics', `${fileName(instance)}.${attempt}.jsonl`),
    writeValue(value, digest) {
      const file = join(directory, 'values', `${digest.slice('sha256:'.length)}.json`);
      inStore(cache, () => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`));
      return file;
    },
    keepWorkflow(mergedFile) {
      // A second name of a file that is replaced, never changed: a large workflow costs no more than a small one.
      try {
        linkSync(mergedFile, join(directory, 'workflow.json'));
      } catch {
        // The cache lies elsewhere, or could not be written: the report then has no workflow to show.
      }
    },
    noteKeys(keys) {
      const lines = keys.map(([instance, key]) => `{"instance":${JSON.stringify(instance)},"key":"${key}"}\n`);
      keyLog.append(lines.join(''));
    },
    close: () => inStore(cache, keyLog.close),
  };
}

/** Makes a folder that no other run has, and returns its name: runs that start in the same second may hit on the same one. */
function makeFolder(runs: string): string {
  mkdirSync(runs, { recursive: true });
  for (;;) {
    const id = newRunId(new Date());
    try {
      mkdirSync(join(runs, id));
      return id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Sorts by time: `20261123-184501-3f9a`. */
function newRunId(now: Date): string {
  const [date, time] = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').split('T');
  return `${date}-${time}-${randomBytes(2).toString('hex')}`;
}

/** In bytes: file systems allow 255, and the attempt's number and ending follow. */
const longestName = 150;

/** An instance id as part of a file name: what a file system may refuse is written as %XX, a long one is cut and told apart by its digest. */
function fileName(id: string): string {
  const name = id.replaceAll(/[^\p{L}\p{M}\p{N}_.,=[\]-]/gu, (character) =>
    encodeURIComponent(character).replaceAll("'", '%27'),
  );
  if (Buffer.byteLength(name) <= longestName) return name;
  const start = Buffer.from(name).subarray(0, longestName).toString().replaceAll('\ufffd', '');
  return `${start}~${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}
