import { type GroupSync, openGroupSync } from './commit/group-sync.ts';
import { type Journal, openJournal } from './journal.ts';
import type { Layout } from './layout.ts';
import { holderIsDead, newHolderId, type OwnHolder, openHolder, readHolder } from './locks/holder.ts';
import { makeFolder } from './make-folder.ts';
import { moveAway, removeTree } from './remove.ts';
import { inStore } from './store-error.ts';

/** What the parts of an open store share. */
export interface StoreContext {
  readonly layout: Layout;
  readonly journal: Journal;
  readonly group: GroupSync;
  /** Folders in `scratch/` that an attempt left empty. */
  readonly emptyScratches: string[];
  /** This process among the lock holders; signs in when first asked for, so that looking at a store writes nothing. */
  holder(): OwnHolder;
  /** Is the process that keeps this journal segment alive? */
  isWriting(writer: string): boolean;
  /** A path in `work/` that nothing has yet: where to move what is to be deleted. */
  trashPath(name: string): string;
  /** Moves out of the way at once, deletes in the background; `close` waits for it. */
  discard(path: string): void;
  /** Resolves when all that was discarded is deleted. */
  emptied(): Promise<void>;
  close(): Promise<void>;
}

/** A store that results are added to. */
export interface BuildContext extends StoreContext {
  /** Version of the program, for manifests. */
  readonly kumiki: string;
}

export function openContext(layout: Layout): StoreContext {
  const id = newHolderId();
  const journal = openJournal(layout.journal, id);
  const group = openGroupSync(layout, journal);
  const emptyScratches: string[] = [];
  const deletions: Promise<void>[] = [];
  let own: OwnHolder | undefined;
  let trashed = 0;

  const holder = () => {
    own ??= inStore(layout.directory, () => signIn(layout, id));
    return own;
  };
  const trashPath = (name: string) => `${layout.work}/trash.${id}.${++trashed}.${name}`;
  const isWriting = (writer: string) => {
    if (writer === id) return true;
    const other = readHolder(`${layout.holders}/${writer}`);
    return other !== undefined && !holderIsDead(other, holder().beat());
  };
  const discard = (path: string) => {
    const trash = trashPath('discarded');
    if (moveAway(path, trash)) deletions.push(removeTree(trash));
  };
  const emptied = async () => {
    await Promise.all(deletions);
  };
  const close = async () => {
    try {
      await group.flush();
      for (const scratch of emptyScratches) discard(scratch);
      await emptied();
      if (own !== undefined) journal.compactIfLarge(isWriting);
    } finally {
      journal.close();
      own?.close();
    }
  };
  return { layout, journal, group, emptyScratches, holder, isWriting, trashPath, discard, emptied, close };
}

function signIn(layout: Layout, id: string): OwnHolder {
  for (const folder of [layout.store, layout.work, layout.scratch]) makeFolder(folder);
  return openHolder(layout, id);
}
