import type { Layout } from '../layout.ts';
import { readKeptManifest, readManifest } from '../manifest.ts';
import { namesIn } from '../remove.ts';
import type { Key, Manifest } from '../result.ts';

/** Keys whose folder is there. */
export function presentKeys(layout: Layout): Key[] {
  return namesIn(layout.store).filter(isKey);
}

/** Keys of which only the manifest is left. */
export function removedKeys(layout: Layout): Key[] {
  const names = namesIn(layout.manifests).filter((name) => name.endsWith('.json'));
  return names.map((name) => name.slice(0, -'.json'.length)).filter(isKey);
}

export interface StoredManifest {
  readonly manifest: Manifest;
  readonly payload: 'present' | 'removed';
}

/** Every manifest that can be read, of present payloads and of removed ones. */
export function* storedManifests(layout: Layout): Generator<StoredManifest> {
  const present = presentKeys(layout);
  for (const key of present) {
    const manifest = readManifest(layout, key);
    if (manifest !== undefined) yield { manifest, payload: 'present' };
  }
  const seen = new Set(present);
  for (const key of removedKeys(layout)) {
    const manifest = seen.has(key) ? undefined : readKeptManifest(layout, key);
    if (manifest !== undefined) yield { manifest, payload: 'removed' };
  }
}

function isKey(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
