import type { Bucket } from './bucket.ts';
import { openDirectoryBucket } from './directory-bucket.ts';
import type { GcsOptions } from './gcs/gcs-bucket.ts';
import type { ObjectPlace } from './object-url.ts';

export interface BucketOptions extends GcsOptions {
  /** Requests that may be under way at a time. */
  readonly parallel?: number;
}

const defaultParallel = 32;

/** Opens a folder or a bucket; the client of Google Cloud Storage is loaded only for the latter. Rejects with a `RemoteError`. */
export async function openBucket(place: ObjectPlace, options: BucketOptions = {}): Promise<Bucket> {
  const { parallel = defaultParallel, ...gcs } = options;
  if (place.kind === 'directory') return openDirectoryBucket(place.path, parallel);
  const { openGcsBucket } = await import('./gcs/gcs-bucket.ts');
  return await openGcsBucket(place, parallel, gcs);
}
