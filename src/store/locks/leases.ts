import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import type { Layout } from '../layout.ts';
import { namesIn, unlinkIfThere } from '../remove.ts';
import type { Key } from '../result.ts';
import { holderIsDead, type OwnHolder, readHolder } from './holder.ts';

/** Notes that this process reads these results. */
export function addLeases(layout: Layout, own: OwnHolder, keys: readonly Key[]): void {
  mkdirSync(layout.leases, { recursive: true });
  appendFileSync(`${layout.leases}/${own.id}`, keys.map((key) => `${key}\n`).join(''));
}

export function dropLeases(layout: Layout, own: OwnHolder): void {
  unlinkIfThere(`${layout.leases}/${own.id}`);
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
