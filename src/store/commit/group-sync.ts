import type { Journal, Noted } from '../journal.ts';
import { type Layout, resultDirectory } from '../layout.ts';
import { syncResults } from './sync-results.ts';

/** Results on their way to the disk: synced together, then noted in the journal. */
export interface GroupSync {
  add(result: Noted): void;
  /** Resolves when all that was added is noted. Rejects if the system could not write it. */
  flush(): Promise<void>;
}

/**
 * Results that finish within this time share one sync. On a slow disk a group lasts longer: while the file system is
 * synced nothing can be created on it, and that shall not take more than a tenth of the time.
 */
const shortestGroupMs = 100;
const longestGroupMs = 2_000;
const syncShare = 0.1;

export function openGroupSync(layout: Layout, journal: Journal): GroupSync {
  let group = new Map<string, Noted>();
  let timer: NodeJS.Timeout | undefined;
  let syncing: Promise<void> = Promise.resolve();
  let groupMs = shortestGroupMs;

  /** One group after the other: what finishes while one is synced makes the next. */
  const syncGroup = () => {
    clearTimeout(timer);
    timer = undefined;
    syncing = syncing.catch(() => {}).then(syncWaiting);
    return syncing;
  };

  /** What fails here is tried again, and reported, by `flush`. */
  const syncLater = () => void syncGroup().catch(() => {});

  const syncWaiting = async () => {
    const results = group;
    group = new Map();
    if (results.size === 0) return;
    const started = performance.now();
    try {
      await syncResults(
        layout.store,
        [...results.keys()].map((key) => resultDirectory(layout, key)),
      );
      await journal.append([...results.values()]);
      const lasting = (performance.now() - started) / syncShare;
      groupMs = Math.min(longestGroupMs, Math.max(shortestGroupMs, lasting));
    } catch (error) {
      if (isUnwritable(error)) return;
      group = new Map([...results, ...group]);
      throw error;
    }
  };

  return {
    add(result) {
      group.set(result.key, result);
      timer ??= setTimeout(syncLater, groupMs);
    },
    flush: syncGroup,
  };
}

/** A store that can only be read: what was found in it without a note is examined again next time. */
function isUnwritable(error: unknown): boolean {
  return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}
