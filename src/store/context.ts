import type { GroupSync } from './commit/group-sync.ts';
import type { Journal } from './journal.ts';
import type { Layout } from './layout.ts';
import type { OwnHolder } from './locks/holder.ts';

/** What the parts of an open store share. */
export interface StoreContext {
  readonly layout: Layout;
  readonly journal: Journal;
  readonly group: GroupSync;
  /** Version of the program, for manifests. */
  readonly kumiki: string;
  /** Folders in `scratch/` that an attempt left empty. */
  readonly emptyScratches: string[];
  /** This process among the lock holders; signs in when first asked for, so that looking at a store writes nothing. */
  holder(): OwnHolder;
  /** A path in `work/` that nothing has yet: where to move what is to be deleted. */
  trashPath(name: string): string;
  /** Deletes in the background; `close` waits for it. */
  discard(path: string): void;
}
