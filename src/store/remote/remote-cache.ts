import type { Bucket, Waiting } from '../../objects/bucket.ts';
import { type Lanes, openLanes } from '../../objects/lanes.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import type { Digest, Key } from '../result.ts';
import { keyOfManifest, manifestFolder, manifestObject } from './names.ts';
import { parseManifest, type RemoteManifest } from './parse-manifest.ts';

/** Results in a bucket or a folder that several stores share: payload by digest, manifests by key, nothing ever overwritten. */
export interface RemoteCache {
  readonly bucket: Bucket;
  /** Payload objects that are there for certain, or on their way: each is sent once, whatever results hold it. */
  readonly objects: Map<Digest, Promise<void>>;
  /** Packs are made in memory, so only some at a time. */
  readonly packing: Lanes;
}

export function remoteCache(bucket: Bucket): RemoteCache {
  return { bucket, objects: new Map(), packing: openLanes(8) };
}

/** The manifest of a key, if the remote holds one. Rejects with a `RemoteError` if what lies there is none. */
export async function remoteManifest(
  { bucket }: RemoteCache,
  key: Key,
  waiting?: Waiting,
): Promise<RemoteManifest | undefined> {
  const name = manifestObject(key);
  const bytes = await bucket.read(name, waiting);
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(bytes, key);
  if (typeof manifest !== 'string') return manifest;
  const remedy = `delete it with \`${bucket.removalCommand(name)}\`, and push the result again`;
  throw new RemoteError('poisoned', `${bucket.url}/${name} is not to be trusted: ${manifest}; ${remedy}`);
}

/** As `remoteManifest`; one that is not to be trusted is told of, and counts as none: it says nothing of the others. */
export async function trustedManifest(
  remote: RemoteCache,
  key: Key,
  tell: (message: string) => void,
  waiting?: Waiting,
): Promise<RemoteManifest | undefined> {
  try {
    return await remoteManifest(remote, key, waiting);
  } catch (error) {
    if (!(error instanceof RemoteError) || error.trouble !== 'poisoned') throw error;
    tell(error.message);
    return undefined;
  }
}

/** Keys of all manifests that the remote holds. */
export async function* remoteKeys({ bucket }: RemoteCache, waiting?: Waiting): AsyncGenerator<Key> {
  for await (const { name } of bucket.list(manifestFolder, waiting)) {
    const key = keyOfManifest(name);
    if (key !== undefined) yield key;
  }
}
