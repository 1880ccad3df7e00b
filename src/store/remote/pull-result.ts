import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { groupBy } from '../../group-by.ts';
import type { TransferOptions } from '../../objects/bucket.ts';
import { eachInLanes } from '../../objects/lanes.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import { digestBytes } from '../digest/digest-bytes.ts';
import type { Digest, Manifest } from '../result.ts';
import type { Attempt, Claim, StoredResult } from '../store.ts';
import { asStoreError, isDiskFull, StoreError } from '../store-error.ts';
import { objectName } from './names.ts';
import { type Pack, unpack } from './packs.ts';
import type { RemoteManifest } from './parse-manifest.ts';
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
  there: RemoteManifest,
  claim: Claim,
  options: TransferOptions = {},
): Promise<StoredResult | undefined> {
  const { manifest } = there;
  const outputs = Object.fromEntries(Object.entries(manifest.outputs).map(([name, { kind }]) => [name, kind]));
  const attempt = await claim.begin({ outputs });
  try {
    if (!(await fetchFiles(remote, there, attempt, options))) return undefined;
    const adopted = await attempt.adopt(manifest);
    if (adopted.ok) return adopted.result;
    if (adopted.failure.reason !== 'bad-output') throw new StoreError(adopted.failure);
    throw new RemoteError('poisoned', describePoison(remote, manifest, adopted.failure.message));
  } catch (error) {
    throw isDiskFull(error) ? asStoreError(error, attempt.directory) : error;
  } finally {
    await attempt.abandon();
  }
}

/** False if an object is not there; no more are begun then. */
async function fetchFiles(
  { bucket }: RemoteCache,
  { manifest, inline, packs }: RemoteManifest,
  attempt: Attempt,
  options: TransferOptions,
): Promise<boolean> {
  const files = resultFiles(manifest);
  const pathOf = ({ path }: ResultFile) => `${attempt.directory}/${path}`;
  const made = new Set([attempt.directory, ...Object.values(attempt.outputs)]);
  for (const folder of new Set(files.map((file) => dirname(pathOf(file))))) {
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
  }
  const byDigest = groupBy(files, ({ digest }) => digest);
  const together = new Set([...inline.keys(), ...packs.flatMap(({ members }) => members)]);
  const write = (contents: ReadonlyMap<Digest, Uint8Array>): void => {
    for (const [digest, content] of contents) {
      for (const file of byDigest.get(digest)!) {
        // Small files at hand: asking for each to be written costs more than the writing.
        writeFileSync(pathOf(file), content, { flag: 'wx', mode: file.executable ? 0o755 : 0o644 });
      }
      options.onBytes?.(content.length);
    }
  };
  const fetchPack = async (pack: Pack, signal: AbortSignal): Promise<boolean> => {
    const bytes = await bucket.read(objectName(pack.digest), { signal });
    if (bytes === undefined) return false;
    const contents =
      digestBytes(bytes) === pack.digest && unpack(pack, bytes, (member) => byDigest.get(member)![0]!.size);
    if (!contents) throw new RemoteError('poisoned', poisonedObject(bucket, pack.digest, 'it has other bytes'));
    write(contents);
    return true;
  };
  const fetchFile = async (file: ResultFile, signal: AbortSignal): Promise<boolean> => {
    const transfer = { ...options, size: file.size, signal };
    const found = await bucket.download(objectName(file.digest), pathOf(file), transfer);
    if (found && file.executable) await chmod(pathOf(file), 0o755);
    return found;
  };
  write(inline);
  return await allFound(bucket.parallel, options.signal, [
    ...packs.map((pack) => (signal: AbortSignal) => fetchPack(pack, signal)),
    ...files
      .filter(({ digest }) => !together.has(digest))
      .map((file) => (signal: AbortSignal) => fetchFile(file, signal)),
  ]);
}

/** Runs these, some at a time, until one finds nothing or fails: the rest is broken off then, and all have ended when this ends. */
async function allFound(
  parallel: number,
  outer: AbortSignal | undefined,
  fetches: readonly ((signal: AbortSignal) => Promise<boolean>)[],
): Promise<boolean> {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  let failure: unknown;
  let isWhole = true;
  await eachInLanes(parallel, fetches, async (fetchOne) => {
    if (signal.aborted) return;
    try {
      if (await fetchOne(signal)) return;
      isWhole = false;
    } catch (error) {
      failure ??= error;
    }
    stop.abort();
  });
  outer?.throwIfAborted();
  if (failure !== undefined && isWhole) throw failure;
  return isWhole;
}

/** `message` starts with the path of the file that is not what the manifest says. */
function describePoison({ bucket }: RemoteCache, manifest: Manifest, message: string): string {
  const file: ResultFile | undefined = resultFiles(manifest).find(({ path }) => message.startsWith(`${path} `));
  if (file === undefined) return `the result ${manifest.key} in ${bucket.url} contradicts itself: ${message}`;
  return poisonedObject(bucket, file.digest, `${manifest.instance} has ${message}`);
}
