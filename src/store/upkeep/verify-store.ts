import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { openContext, type StoreContext } from '../context.ts';
import { digestFiles } from '../digest/digest-file.ts';
import { digestTree } from '../digest/digest-tree.ts';
import { type Examined, examineResult, otherBytes, sealAgain } from '../examine.ts';
import { moveDamaged, notedResult } from '../find-result.ts';
import { storeLayout } from '../layout.ts';
import { tryLock } from '../locks/lock.ts';
import type { Key, Manifest } from '../result.ts';
import { presentKeys } from './stored-keys.ts';

export interface VerifyOptions {
  /** All that are present, unless said otherwise. */
  readonly keys?: readonly Key[];
  readonly signal?: AbortSignal;
  /** Called after each result. */
  onProgress?(checked: number, total: number, bytes: number): void;
}

export interface Verified {
  readonly checked: number;
  readonly bytes: number;
  readonly damaged: readonly DamagedResult[];
}

export interface DamagedResult {
  readonly key: Key;
  /** Unknown if the manifest cannot be read. */
  readonly instance?: string;
  readonly problems: readonly string[];
  /** False if it had to stay: another process reads or builds it. */
  readonly moved: boolean;
}

/** Digests all results again, on all cores. Damaged ones are moved aside and count as absent from then on. */
export async function verifyStore(directory: string, options: VerifyOptions = {}): Promise<Verified> {
  const context = openContext(storeLayout(resolve(directory)));
  const keys = options.keys ?? presentKeys(context.layout);
  const damaged: DamagedResult[] = [];
  const next = keys.values();
  let checked = 0;
  let bytes = 0;
  const lane = async () => {
    for (const key of next) {
      options.signal?.throwIfAborted();
      const found = examineResult(context.layout, key);
      if (found === undefined) continue;
      const problems = await problemsOf(found);
      if (problems.length > 0) damaged.push(setAside(context, key, found, problems));
      else remember(context, found);
      for (const file of found.files) bytes += file.size;
      checked++;
      options.onProgress?.(checked, keys.length, bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: 2 * availableParallelism() }, lane));
    return { checked, bytes, damaged };
  } finally {
    await context.close();
  }
}

async function problemsOf(found: Examined): Promise<readonly string[]> {
  const digests = await digestFiles(found.files);
  const changed = found.files.filter((file, index) => file.digest !== digests[index]).map(otherBytes);
  return [...found.problems, ...changed, ...contradictions(found.manifest)];
}

/** A manifest that was written to may say one thing of a directory and another of its files. */
function contradictions(manifest: Manifest | undefined): string[] {
  return Object.entries(manifest?.outputs ?? {}).flatMap(([name, { files, digest }]) =>
    files === undefined || digestTree(files) === digest ? [] : [`its manifest contradicts itself about '${name}'`],
  );
}

function setAside(context: StoreContext, key: Key, found: Examined, problems: readonly string[]): DamagedResult {
  const lock = tryLock(context.layout, context.holder(), key);
  const moved = 'isHeld' in lock && moveDamaged(context, key);
  if ('isHeld' in lock) lock.release();
  const instance = found.manifest?.instance;
  return { key, ...(instance !== undefined && { instance }), problems, moved };
}

/** What was found whole need not be examined again. */
function remember({ journal, group }: StoreContext, found: Examined): void {
  sealAgain(found);
  const result = notedResult(found.manifest!, found.inodes);
  if (JSON.stringify(journal.get(result.key)) === JSON.stringify(result)) return;
  journal.remember(result);
  group.add(result);
}
