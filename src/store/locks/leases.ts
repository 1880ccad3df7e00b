import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Layout } from '../layout.ts';
import { makeFolder } from '../make-folder.ts';
import { namesIn, unlinkIfThere } from '../remove.ts';
import type { Key } from '../result.ts';
import { holderIsDead, type OwnHolder, readHolder } from './holder.ts';

/** The results that this process reads, for all to see until it closes or dies. */
export interface OwnLeases {
  add(keys: readonly Key[]): void;
  close(): void;
}

export function openLeases(layout: Layout, own: OwnHolder): OwnLeases {
  makeFolder(layout.leases);
  const path = `${layout.leases}/${own.id}`;
  const descriptor = openSync(path, 'wx', 0o644);
  const leased = new Set<Key>();
  return {
    add(keys) {
      const added = keys.filter((key) => !leased.has(key));
      if (added.length === 0) return;
      writeSync(descriptor, added.map((key) => `${key}\n`).join(''));
      for (const key of added) leased.add(key);
    },
    close() {
      closeSync(descriptor);
      unlinkIfThere(path);
    },
  };
}

/** Keys that other living processes read. */
export function leasedByOthers(layout: Layout, own: OwnHolder): ReadonlySet<Key> {
  const names = namesIn(layout.leases).filter((name) => name !== own.id);
  if (names.length === 0) return new Set();
  const now = own.beat();
  const living = names.filter((name) => {
    const holder = readHolder(`${layout.holders}/${name}`);
    return holder !== undefined && !holderIsDead(holder, now);
  });
  return new Set(living.flatMap((name) => leasesOf(layout, name)));
}

function leasesOf(layout: Layout, id: string): Key[] {
  try {
    return readFileSync(`${layout.leases}/${id}`, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
