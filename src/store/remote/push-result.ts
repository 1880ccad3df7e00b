import type { Bucket, TransferOptions } from '../../objects/bucket.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import { digestFiles } from '../digest/digest-file.ts';
import type { Digest, Key, Manifest } from '../result.ts';
import type { Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { manifestObject, objectName } from './names.ts';
import { type RemoteCache, remoteManifest } from './remote-cache.ts';
import { type ResultFile, resultFiles } from './result-files.ts';

export type Pushed =
  | { readonly state: 'pushed' }
  /** The same result is there already. */
  | { readonly state: 'present' }
  /** Nothing here to push: no result, or its payload was removed. */
  | { readonly state: 'absent' }
  /** Other bytes are there under this key: they stay. */
  | { readonly state: 'conflict'; readonly differences: readonly Difference[] };

export interface Difference {
  readonly output: string;
  readonly remote: Digest | undefined;
  readonly local: Digest | undefined;
}

export interface PushOptions extends TransferOptions {
  /** False for a result that is known and then removed: who finds its manifest can tell what hangs on it. */
  readonly payload?: boolean;
}

/** Sends the payload of a result, then its manifest: who finds a manifest finds all that it names. */
export async function pushResult(
  store: Store,
  remote: RemoteCache,
  key: Key,
  options: PushOptions = {},
): Promise<Pushed> {
  const { payload = true } = options;
  store.lease([key]);
  const manifest = store.manifest(key);
  if (manifest === undefined) return { state: 'absent' };
  const there = await remoteManifest(remote, key);
  if (there !== undefined) return compared(there, manifest);
  if (payload && store.find(key)?.payload !== 'present') return { state: 'absent' };
  if (payload) await pushPayload(store, remote, manifest, options);
  const { boot: _boot, ...told } = manifest;
  const bytes = Buffer.from(`${JSON.stringify(told, undefined, 1)}\n`);
  const made = await remote.bucket.create(manifestObject(key), { bytes, type: 'application/json' }, signalOf(options));
  if (made === 'created') return { state: 'pushed' };
  const rival = await remoteManifest(remote, key);
  if (rival === undefined) return { state: 'pushed' };
  const outcome = compared(rival, manifest);
  return outcome.state === 'present' ? { state: 'pushed' } : outcome;
}

/** What differs between the result that the remote holds and ours. */
export function differences(remote: Manifest, local: Manifest): Difference[] {
  const names = [...new Set([...Object.keys(remote.outputs), ...Object.keys(local.outputs)])];
  const all = names.map((output) => ({
    output,
    remote: remote.outputs[output]?.digest,
    local: local.outputs[output]?.digest,
  }));
  return all.filter((each) => each.remote !== each.local);
}

/** For people: both digests of each output that differs. */
export function describeConflict(instance: string, found: readonly Difference[], url: string): string {
  const digests = found.map(
    ({ output, remote, local }) => `${output}: ${remote ?? 'none'} there, ${local ?? 'none'} here`,
  );
  return `${instance} has other bytes in ${url} than here, and those there stay (${digests.join('; ')}): the stage is not reproducible`;
}

function compared(there: Manifest, here: Manifest): Pushed {
  const found = differences(there, here);
  return found.length === 0 ? { state: 'present' } : { state: 'conflict', differences: found };
}

async function pushPayload(store: Store, remote: RemoteCache, manifest: Manifest, options: PushOptions): Promise<void> {
  const missing = resultFiles(manifest).filter(({ digest }) => !remote.objects.has(digest));
  const fresh = [...new Map(missing.map((file) => [file.digest, file])).values()];
  const pathOf = ({ path }: ResultFile) => store.outputPath(manifest.key, path);
  const sent = fresh.map((file) => {
    const sending = checked(pathOf(file), file).then(() => pushObject(remote.bucket, pathOf(file), file, options));
    remote.objects.set(file.digest, sending);
    // What failed is tried again by whoever needs it next.
    sending.catch(() => remote.objects.delete(file.digest));
    return sending;
  });
  await Promise.all([...sent, ...resultFiles(manifest).map(({ digest }) => remote.objects.get(digest))]);
}

/** What was damaged here must not be handed on under its good name. */
async function checked(path: string, { size, digest }: ResultFile): Promise<void> {
  if ((await digestFiles([{ path, size }]))[0] === digest) return;
  const message = `${path} has other bytes than its manifest says, so it is not pushed: \`kumiki cache verify\` repairs the store`;
  throw new StoreError({ reason: 'store-changed', message });
}

async function pushObject(
  bucket: Bucket,
  file: string,
  { size, digest }: ResultFile,
  options: PushOptions,
): Promise<void> {
  const name = objectName(digest);
  // For a large one the question costs less than an upload that is refused at its end.
  const asksFirst = size > 2 ** 20 && (await bucket.stat(name)) !== undefined;
  const made = asksFirst ? 'exists' : await bucket.create(name, { file, size }, options);
  if (made === 'created') return;
  const there = await bucket.stat(name);
  if (there === undefined || there.size === size) return;
  throw new RemoteError('poisoned', poisonedObject(bucket, digest, `it has ${there.size} bytes, not ${size}`));
}

/** An object that is not what its name says, and how to get rid of it. */
export function poisonedObject(bucket: Bucket, digest: Digest, why: string): string {
  const name = objectName(digest);
  return `the object ${digest} in ${bucket.url} is damaged: ${why}; delete it with \`${bucket.removalCommand(name)}\` and push again from a store that has it`;
}

function signalOf({ signal }: TransferOptions): TransferOptions {
  return signal === undefined ? {} : { signal };
}
