import { parsePlace } from '../objects/object-url.ts';
import { type BucketOptions, openBucket } from '../objects/open-bucket.ts';
import type { GcsAccess } from '../stage/define.ts';
import { type RemoteCache, remoteCache } from '../store/remote/remote-cache.ts';
import { readSettings, type Settings } from '../workflow/settings.ts';
import { faultyWorkflow, printDiagnostics } from './print-diagnostics.ts';
import { RequestError } from './request-error.ts';

/** Settings of a workspace. Throws a `RequestError` with all that is wrong with them. */
export async function settingsOf(root: string): Promise<Settings> {
  const read = await readSettings(root);
  if (read.ok) return read.settings;
  await printDiagnostics(read.diagnostics);
  throw faultyWorkflow(read.file, read.diagnostics);
}

/** How to reach buckets. The environment comes before the settings, as an emulator is for one terminal. */
export function gcsAccess({ gcs = {} }: Settings): GcsAccess {
  const endpoint = process.env.GCS_API_ENDPOINT || gcs.endpoint;
  return { ...gcs, ...(endpoint && { endpoint }) };
}

export function bucketOptions(settings: Settings): BucketOptions {
  const parallel = settings.remote?.parallel;
  return { ...gcsAccess(settings), ...(parallel !== undefined && { parallel }) };
}

/** The remote of a workspace, or the one that the command line names. */
export async function openRemote(root: string, settings: Settings, named?: string): Promise<RemoteCache> {
  const url = named ?? settings.remote?.url;
  if (url === undefined) {
    throw new RequestError(
      'no remote is known: write `remote: gs://bucket/prefix` into kumiki.yaml, or name one with --remote',
    );
  }
  const place = parsePlace(url, named === undefined ? root : process.cwd());
  if (typeof place === 'string') throw new RequestError(place);
  return remoteCache(await openBucket(place, bucketOptions(settings)));
}
