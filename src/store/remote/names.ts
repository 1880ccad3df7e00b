import type { Digest, Key } from '../result.ts';

/** Manifests of a remote, by key. */
export const manifestFolder = 'manifests/';

/** Name of a payload object: what it holds decides it. */
export function objectName(digest: Digest): string {
  const hex = digest.slice('sha256:'.length);
  return `objects/sha256/${hex.slice(0, 2)}/${hex}`;
}

export function manifestObject(key: Key): string {
  return `${manifestFolder}${key.slice(0, 2)}/${key}.json`;
}

/** The key of a manifest object; undefined for anything else that lies there. */
export function keyOfManifest(name: string): Key | undefined {
  return /^manifests\/[0-9a-f]{2}\/([0-9a-f]{64})\.json$/.exec(name)?.[1];
}
