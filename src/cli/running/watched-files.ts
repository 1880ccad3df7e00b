import { once } from 'node:events';
import { type FSWatcher, watch } from 'chokidar';

/** Files and directories that are looked at for changes. */
export interface WatchedFiles extends AsyncDisposable {
  /** Watches these from now on, and no others; what has changed meanwhile is remembered. */
  replace(paths: ReadonlySet<string>): Promise<void>;
  /** Resolves to true after the first change since the last call, which may have been already; to false when aborted before. */
  changed(signal: AbortSignal): Promise<boolean>;
}

/** Several writes within this time are one change. */
const quietMs = 100;

export async function watchFiles(first: ReadonlySet<string>): Promise<WatchedFiles> {
  let paths: ReadonlySet<string> = new Set();
  let watcher: FSWatcher | undefined;
  let isDirty = false;
  let wake = () => {};
  const note = () => {
    isDirty = true;
    wake();
  };

  async function replace(wanted: ReadonlySet<string>): Promise<void> {
    if (wanted.size === paths.size && [...wanted].every((path) => paths.has(path))) return;
    const next = watch([...wanted], { ignoreInitial: true }).on('all', note);
    await once(next, 'ready');
    await watcher?.close();
    [watcher, paths] = [next, wanted];
  }

  await replace(first);
  return {
    replace,
    async changed(signal) {
      while (!isDirty && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      if (signal.aborted) return false;
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      isDirty = false;
      return true;
    },
    async [Symbol.asyncDispose]() {
      await watcher?.close();
    },
  };
}
