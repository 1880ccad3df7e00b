import { join } from 'node:path';
import type { Key } from './result.ts';

/** Where things lie in a cache folder. */
export interface Layout {
  readonly directory: string;
  /** `store/KEY/`: finished results. */
  readonly store: string;
  /** `work/KEY.ATTEMPT/`: outputs in the making, and what waits to be deleted. */
  readonly work: string;
  /** Temporaries of attempts; those of resumable stages outlive them. */
  readonly scratch: string;
  /** `locks/NAME`: hard links to the file of their holder. */
  readonly locks: string;
  /** `holders/ID`: one file a process, touched while it lives. */
  readonly holders: string;
  /** `leases/ID`: keys that a process reads. */
  readonly leases: string;
  /** `journal/ID.ndjson`: what is known to be on disk. */
  readonly journal: string;
  /** `sources/ID.ndjson`: digests of files outside the store. */
  readonly sources: string;
  /** Copies of objects in buckets that workflows read, and what is known of them. */
  readonly fetched: string;
  /** `manifests/KEY.json`: of results whose payload was removed. */
  readonly manifests: string;
  /** Results that were not what their manifest says. */
  readonly damaged: string;
  /** Plans of workflows, see `compileCached`. */
  readonly compiled: string;
  /** `runs/RUN/`: written by runs; the store only reads which keys they used. */
  readonly runs: string;
}

export function storeLayout(directory: string): Layout {
  const below = (name: string) => join(directory, name);
  return {
    directory,
    store: below('store'),
    work: below('work'),
    scratch: below('scratch'),
    locks: below('locks'),
    holders: below('holders'),
    leases: below('leases'),
    journal: below('journal'),
    sources: below('sources'),
    fetched: below('fetched'),
    manifests: below('manifests'),
    damaged: below('damaged'),
    compiled: below('compiled'),
    runs: below('runs'),
  };
}

export function resultDirectory(layout: Layout, key: Key): string {
  return `${layout.store}/${key}`;
}

/** The manifest of a result whose payload was removed. */
export function keptManifest(layout: Layout, key: Key): string {
  return `${layout.manifests}/${key}.json`;
}
