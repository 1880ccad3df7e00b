import { statfsSync } from 'node:fs';
import type { Failure } from '../run/events.ts';

/** The store cannot do what was asked, for a reason outside this program. The message is for people. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What a system error means for someone who uses a store in this folder; undefined if it is none that users cause. */
export function storeFailure(error: unknown, directory: string): Failure | undefined {
  if (error instanceof StoreError) return error.failure;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
      return { reason: 'disk-full', message: `the disk is full: ${directory} (${freeSpace(directory)}); ${makeRoom}` };
    case 'EDQUOT':
      return {
        reason: 'disk-full',
        message: `the disk quota is used up: ${directory} (${freeSpace(directory)}); ${makeRoom}`,
      };
    case 'EFBIG':
      return { reason: 'disk-full', message: `a file under ${directory} is larger than this process may write` };
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return {
        reason: 'cannot-start',
        message: `the store ${directory} cannot be written (${(error as Error).message}); mend its permissions or set KUMIKI_CACHE to another folder`,
      };
    default:
      return undefined;
  }
}

/** There is no room for what was to be written. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Does what can be done without: a store that is full or may only be read is no reason to fail. */
export function ifWritable(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (storeFailure(error, '') === undefined) throw error;
  }
}

/** Runs an action on the store; errors that users cause become `StoreError`s. */
export function inStore<T>(directory: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw asStoreError(error, directory);
  }
}

export function asStoreError(error: unknown, directory: string): unknown {
  const failure = storeFailure(error, directory);
  return failure === undefined || error instanceof StoreError ? error : new StoreError(failure);
}

const makeRoom = 'make room (`kumiki cache gc` removes old results) and run again: nothing finished is lost';

function freeSpace(directory: string): string {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return `${bavail * bsize} bytes free`;
  } catch {
    return 'free space unknown';
  }
}
