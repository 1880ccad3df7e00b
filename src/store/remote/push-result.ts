import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Bucket, Content, TransferOptions } from '../../objects/bucket.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import { digestBytes } from '../digest/digest-bytes.ts';
import { digestFile } from '../digest/digest-file.ts';
import type { Digest, Key, Manifest } from '../result.ts';
import type { Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { manifestObject, objectName } from './names.ts';
import { inPacks, type Pack } from './packs.ts';
import type { RemoteFields } from './parse-manifest.ts';
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
  /** The remote was asked not long ago, and had no manifest of this key. */
  readonly isAbsent?: boolean;
}

/** Sends the payload of a result, then its manifest: who finds a manifest finds all that it names. */
export async function pushResult(
  store: Store,
  remote: RemoteCache,
  key: Key,
  options: PushOptions = {},
): Promise<Pushed> {
  const { payload = true, isAbsent = false } = options;
  store.lease([key]);
  const manifest = store.manifest(key);
  if (manifest === undefined) return { state: 'absent' };
  const there = isAbsent ? undefined : await remoteManifest(remote, key, signalOf(options));
  if (there !== undefined) return compared(there.manifest, manifest);
  if (payload && store.find(key)?.payload !== 'present') return { state: 'absent' };
  const fields = payload ? await pushPayload(store, remote, manifest, options) : {};
  const { boot: _boot, ...told } = manifest;
  const bytes = Buffer.from(`${JSON.stringify({ ...told, ...fields }, undefined, 1)}\n`);
  const made = await remote.bucket.create(manifestObject(key), { bytes, type: 'application/json' }, signalOf(options));
  if (made === 'created') return { state: 'pushed' };
  const rival = await remoteManifest(remote, key, signalOf(options));
  if (rival === undefined) return { state: 'pushed' };
  const outcome = compared(rival.manifest, manifest);
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

/** Sends what the remote lacks; returns what the manifest has to say of it, or holds itself. */
async function pushPayload(
  store: Store,
  remote: RemoteCache,
  manifest: Manifest,
  options: PushOptions,
): Promise<RemoteFields> {
  const { inline, packs, single } = inPacks(resultFiles(manifest));
  const pathOf = ({ path }: ResultFile) => store.outputPath(manifest.key, path);
  const alone = single.map((file) =>
    sendOnce(remote, file.digest, async () => {
      await checked(pathOf(file), file);
      await pushObject(remote.bucket, file.digest, { file: pathOf(file), size: file.size }, options);
    }),
  );
  const sendPack = async (files: readonly ResultFile[]): Promise<Pack> => {
    const bytes = await packedBytes(files, pathOf);
    const digest = digestBytes(bytes);
    await sendOnce(remote, digest, () => pushObject(remote.bucket, digest, { bytes }, options));
    return { digest, members: files.map((file) => file.digest) };
  };
  const packed = packs.map((files) => remote.packing(() => sendPack(files)));
  const [sent] = await Promise.all([Promise.all(packed), ...alone]);
  return {
    ...(inline.length > 0 && { inline: inlineText(inline, pathOf, options) }),
    ...(sent.length > 0 && { packs: sent }),
  };
}

function inlineText(
  files: readonly ResultFile[],
  pathOf: (file: ResultFile) => string,
  { onBytes }: TransferOptions,
): Readonly<Record<Digest, string>> {
  const texts = files.map((file) => {
    // Small files at hand: asking for each to be read costs more than the reading.
    const bytes = readFileSync(pathOf(file));
    if (digestBytes(bytes) !== file.digest) throw damagedHere(pathOf(file));
    onBytes?.(bytes.length);
    return [file.digest, bytes.toString('base64')] as const;
  });
  return Object.fromEntries(texts);
}

/** Sends an object unless it is on its way already. What failed is tried again by whoever needs it next. */
function sendOnce({ objects }: RemoteCache, digest: Digest, send: () => Promise<void>): Promise<void> {
  const underway = objects.get(digest);
  if (underway !== undefined) return underway;
  const sending = send();
  objects.set(digest, sending);
  sending.catch(() => objects.delete(digest));
  return sending;
}

async function packedBytes(files: readonly ResultFile[], pathOf: (file: ResultFile) => string): Promise<Buffer> {
  const contents: Buffer[] = [];
  for (const file of files) {
    const bytes = await readFile(pathOf(file));
    if (digestBytes(bytes) !== file.digest) throw damagedHere(pathOf(file));
    contents.push(bytes);
  }
  return Buffer.concat(contents);
}

/** What was damaged here must not be handed on under its good name. */
async function checked(path: string, { size, digest }: ResultFile): Promise<void> {
  if ((await digestFile(path, size)) !== digest) throw damagedHere(path);
}

function damagedHere(path: string): StoreError {
  const message = `${path} has other bytes than its manifest says, so it is not pushed: \`kumiki cache verify\` repairs the store`;
  return new StoreError({ reason: 'store-changed', message });
}

async function pushObject(bucket: Bucket, digest: Digest, content: Content, options: PushOptions): Promise<void> {
  const name = objectName(digest);
  const size = 'file' in content ? content.size : content.bytes.byteLength;
  // For a large one the question costs less than an upload that is refused at its end.
  const asksFirst = size > 2 ** 20 && (await bucket.stat(name, signalOf(options))) !== undefined;
  const made = asksFirst ? 'exists' : await bucket.create(name, content, options);
  if (made === 'created') return;
  const there = await bucket.stat(name, signalOf(options));
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
