import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TransferOptions } from '../../objects/bucket.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import type { Manifest } from '../result.ts';
import type { Attempt, Claim, StoredResult } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { objectName } from './names.ts';
import { poisonedObject } from './push-result.ts';
import type { RemoteCache } from './remote-cache.ts';
import { type ResultFile, resultFiles } from './result-files.ts';

/**
 * Fetches the payload of a result into the store, under a claim on its key. Every byte is checked before anything is put in place: what
 * fails midway leaves nothing. Undefined if the remote has no payload for this manifest, as of a temporary result. Rejects with a
 * `RemoteError`, or with a `StoreError` where it is the store that fails.
 */
export async function pullResult(
  remote: RemoteCache,
  manifest: Manifest,
  claim: Claim,
  options: TransferOptions = {},
): Promise<StoredResult | undefined> {
  const outputs = Object.fromEntries(Object.entries(manifest.outputs).map(([name, { kind }]) => [name, kind]));
  const attempt = await claim.begin({ outputs });
  try {
    if (!(await fetchFiles(remote, manifest, attempt, options))) return undefined;
    const adopted = await attempt.adopt(manifest);
    if (adopted.ok) return adopted.result;
    if (adopted.failure.reason !== 'bad-output') throw new StoreError(adopted.failure);
    throw new RemoteError('poisoned', describePoison(remote, manifest, adopted.failure.message));
  } finally {
    await attempt.abandon();
  }
}

/** False if a file is not there; no more are begun then. */
async function fetchFiles(
  { bucket }: RemoteCache,
  manifest: Manifest,
  attempt: Attempt,
  options: TransferOptions,
): Promise<boolean> {
  const files = resultFiles(manifest);
  const pathOf = (path: string) => `${attempt.directory}/${path}`;
  for (const folder of new Set(files.map(({ path }) => dirname(pathOf(path)))))
    await mkdir(folder, { recursive: true });
  const gone = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, gone.signal]) : gone.signal;
  const next = files.values();
  let isWhole = true;
  const lane = async () => {
    for (const { path, size, digest, executable } of next) {
      if (!isWhole) return;
      const found = await bucket.download(objectName(digest), pathOf(path), { ...options, size, signal });
      if (!found) isWhole = false;
      else if (executable) await chmod(pathOf(path), 0o755);
    }
  };
  const ended = await Promise.allSettled(
    Array.from({ length: Math.min(files.length, bucket.parallel) }, () =>
      lane().catch((error) => {
        gone.abort();
        throw error;
      }),
    ),
  );
  const failures = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (failures.length === 0) return isWhole;
  options.signal?.throwIfAborted();
  throw failures.find((failure) => (failure as Error).name !== 'AbortError') ?? failures[0];
}

/** `message` starts with the path of the file that is not what the manifest says. */
function describePoison({ bucket }: RemoteCache, manifest: Manifest, message: string): string {
  const file: ResultFile | undefined = resultFiles(manifest).find(({ path }) => message.startsWith(`${path} `));
  if (file === undefined) return `the result ${manifest.key} in ${bucket.url} contradicts itself: ${message}`;
  return poisonedObject(bucket, file.digest, `${manifest.instance} has ${message}`);
}
