import { mkdirSync } from 'node:fs';
import { adoptResult, commitAttempt } from './commit/commit-attempt.ts';
import type { BuildContext, StoreContext } from './context.ts';
import type { Lock } from './locks/lock.ts';
import { processStart } from './locks/process-identity.ts';
import { logName, manifestName } from './manifest.ts';
import { namesIn } from './remove.ts';
import type { Key } from './result.ts';
import { resumableScratch, temporaryScratch } from './scratch.ts';
import type { Attempt, AttemptRequest, ClaimOptions, Committed } from './store.ts';
import { inStore, StoreError } from './store-error.ts';

/** Begins an attempt at a locked key: makes its folders, and finds unfinished work of the same identity. */
export async function beginAttempt(
  context: BuildContext,
  lock: Lock,
  request: AttemptRequest,
  options: ClaimOptions,
): Promise<Attempt> {
  const key = lock.name;
  refuseReservedNames(request);
  const number = makeWorkFolder(context, key);
  const directory = workFolder(context, key, number);
  const outputs: Record<string, string> = {};
  for (const [name, kind] of Object.entries(request.outputs)) {
    outputs[name] = `${directory}/${name}`;
    if (kind === 'directory') mkdirSync(outputs[name]);
  }
  const scratch = request.resume ? await resumableScratch(context, request.resume, options) : temporaryScratch(context);
  let open = true;
  const made = { number, directory, outputs: request.outputs };
  const kept = (committed: Committed): Committed => {
    if (committed.ok) {
      open = false;
      scratch.finish('done');
    }
    return committed;
  };
  return {
    number,
    directory,
    outputs,
    get scratch() {
      return scratch.path;
    },
    resumed: scratch.resumed,
    noteProcessGroup(group) {
      const note = { lock: key, group, start: processStart(group) ?? '', scratch: scratch.path };
      inStore(context.layout.directory, () => context.holder().note(note));
    },
    commit: async (facts) => kept(await commitAttempt(context, lock, made, facts)),
    adopt: async (manifest) => kept(await adoptResult(context, lock, made, manifest)),
    async abandon() {
      if (!open) return;
      open = false;
      context.discard(directory);
      context.journal.noteAttempt(key, number);
      scratch.finish('unfinished');
    },
  };
}

/** Puts what a dead process was making of this key out of reach, in case something of it still writes. */
export function clearWork(context: StoreContext, key: Key): void {
  for (const name of namesIn(context.layout.work)) {
    const number = Number(name.slice(key.length + 1));
    if (!name.startsWith(`${key}.`) || !Number.isInteger(number)) continue;
    if (number > context.journal.lastAttempt(key)) context.journal.noteAttempt(key, number);
    context.discard(`${context.layout.work}/${name}`);
  }
}

/** Makes the folder of the next attempt; returns its number. */
function makeWorkFolder(context: StoreContext, key: Key): number {
  for (let number = context.journal.lastAttempt(key) + 1; ; number++) {
    try {
      mkdirSync(workFolder(context, key, number));
      return number;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function workFolder({ layout }: StoreContext, key: Key, number: number): string {
  return `${layout.work}/${key}.${number}`;
}

function refuseReservedNames({ outputs }: AttemptRequest): void {
  for (const name of Object.keys(outputs)) {
    if (name === manifestName || name === logName || name.includes('/') || name.startsWith('.')) {
      const message = `an output cannot be named '${name}': the store uses that name itself; rename it`;
      throw new StoreError({ reason: 'cannot-start', message });
    }
  }
}
