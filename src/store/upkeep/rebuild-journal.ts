import { resolve } from 'node:path';
import { openContext } from '../context.ts';
import { examineResult } from '../examine.ts';
import { notedResult } from '../find-result.ts';
import { storeLayout } from '../layout.ts';
import { storedManifests } from './stored-keys.ts';

/**
 * Writes the journal anew from the manifests, for a store whose journal was lost or came from elsewhere. Names and
 * sizes are looked at, bytes are not (see `verifyStore`). Returns how many results it holds.
 */
export async function rebuildJournal(directory: string): Promise<number> {
  const context = openContext(storeLayout(resolve(directory)));
  try {
    context.holder();
    const stored = [...storedManifests(context.layout)];
    stored.sort((a, b) => (a.manifest.started < b.manifest.started ? -1 : 1));
    const results = stored.flatMap(({ manifest, payload }) => {
      if (payload === 'removed') return [{ ...notedResult(manifest, {}), payload }];
      const found = examineResult(context.layout, manifest.key);
      if (found === undefined || found.problems.length > 0 || found.touched.length > 0) return [];
      return [notedResult(manifest, found.inodes)];
    });
    context.journal.rewrite(results, context.isWriting);
    return results.length;
  } finally {
    await context.close();
  }
}
