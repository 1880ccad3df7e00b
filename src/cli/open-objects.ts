import type { KindOfObject } from '../graph/check-objects.ts';
import type { Bucket } from '../objects/bucket.ts';
import { parseObjectUrl } from '../objects/object-url.ts';
import { openBucket } from '../objects/open-bucket.ts';
import { RemoteError } from '../objects/remote-error.ts';
import { kindOfObjects } from '../store/fetched/object-listing.ts';
import type { OpenBucketByName } from '../store/fetched/object-sources.ts';
import type { Settings } from '../workflow/settings.ts';
import { bucketOptions } from './open-remote.ts';

/** The buckets that workflows read from and publish to, each opened when it is first asked for. */
export interface Objects {
  readonly open: OpenBucketByName;
  readonly kindOf: KindOfObject;
  /** Nothing of them is waited for any more. */
  giveUp(): void;
}

export function openObjects(settings: Settings): Objects {
  const givenUp = new AbortController();
  const options = { ...bucketOptions(settings), signal: givenUp.signal };
  const buckets = new Map<string, Promise<Bucket>>();
  const open = (name: string): Promise<Bucket> => {
    const opened = buckets.get(name) ?? openBucket({ kind: 'gcs', bucket: name, path: '' }, options);
    buckets.set(name, opened);
    return opened;
  };
  return {
    open,
    giveUp: () => givenUp.abort(new RemoteError('unavailable', 'the run was interrupted')),
    async kindOf(url) {
      const { bucket, path } = parseObjectUrl(url)!;
      return kindOfObjects(await open(bucket), path);
    },
  };
}
