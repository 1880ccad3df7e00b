import type { Waiting } from '../../objects/bucket.ts';
import { eachInLanes } from '../../objects/lanes.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import type { Key } from '../result.ts';
import { sizeOf } from '../size-of.ts';
import type { Store } from '../store.ts';
import { type Movement, measureMovement } from './movement.ts';
import { pullResult } from './pull-result.ts';
import { describeConflict, differences, pushResult } from './push-result.ts';
import { type RemoteCache, remoteKeys, remoteManifest } from './remote-cache.ts';

/** What came of moving many results. */
export interface Transferred {
  /** Keys of what was moved. */
  readonly moved: readonly Key[];
  /** Results that were there already. */
  readonly present: number;
  /** Results that the side they come from does not have, or has no payload of. */
  readonly absent: readonly Key[];
  /** A sentence for each result that could not be moved. */
  readonly failed: readonly { readonly key: Key; readonly message: string }[];
  /** Bytes that were sent or fetched. */
  readonly bytes: number;
}

export interface TransferResultsOptions {
  readonly signal?: AbortSignal;
  onProgress?(progress: Movement): void;
}

/** From so many results on the remote is asked for a list. */
const worthListing = 100;

async function allKeys(remote: RemoteCache, waiting: Waiting): Promise<ReadonlySet<Key>> {
  const keys = new Set<Key>();
  for await (const key of remoteKeys(remote, waiting)) keys.add(key);
  return keys;
}

type Outcome = 'moved' | 'present' | 'absent';

/** Sends results to the remote, many at a time. What concerns only one of them is reported in the end; else rejects with a `RemoteError`. */
export function pushResults(
  store: Store,
  remote: RemoteCache,
  keys: readonly Key[],
  options: TransferResultsOptions,
): Promise<Transferred> {
  // One listing tells of a thousand results what a request for each would.
  let listed: Promise<ReadonlySet<Key>> | undefined;
  return transferAll(remote, keys, options, async (key, transfer) => {
    const manifest = store.manifest(key);
    transfer.expect(manifest ? sizeOf(manifest) : 0);
    const payload = store.find(key)?.payload === 'present';
    if (keys.length >= worthListing) listed ??= allKeys(remote, transfer);
    const isAbsent = listed !== undefined && !(await listed).has(key);
    const pushed = await pushResult(store, remote, key, { ...transfer, payload, isAbsent });
    if (pushed.state === 'pushed') return 'moved';
    if (pushed.state !== 'conflict') return pushed.state;
    throw new RemoteError(
      'refused',
      describeConflict(manifest?.instance ?? key, pushed.differences, remote.bucket.url),
    );
  });
}

/** Fetches results into the store, many at a time; as `pushResults`. */
export function pullResults(
  store: Store,
  remote: RemoteCache,
  keys: readonly Key[],
  options: TransferResultsOptions,
): Promise<Transferred> {
  return transferAll(remote, keys, options, async (key, transfer) => {
    const known = store.find(key);
    if (known?.payload === 'present') return 'present';
    const there = await remoteManifest(remote, key, transfer);
    if (there === undefined) return 'absent';
    const { manifest } = there;
    transfer.expect(sizeOf(manifest));
    const own = known && store.manifest(key);
    const found = own ? differences(manifest, own) : [];
    if (found.length > 0)
      throw new RemoteError('refused', describeConflict(manifest.instance, found, remote.bucket.url));
    const signal = transfer.signal ?? new AbortController().signal;
    const claim = await store.claim(key, { signal, onWait: () => {} });
    if (!('begin' in claim)) return 'present';
    try {
      if (await pullResult(remote, there, claim, transfer)) return 'moved';
      store.adopt(manifest);
      return 'absent';
    } finally {
      await claim.release();
    }
  });
}

interface OneTransfer {
  readonly signal?: AbortSignal;
  expect(bytes: number): void;
  onBytes(bytes: number): void;
}

async function transferAll(
  remote: RemoteCache,
  keys: readonly Key[],
  { signal, onProgress }: TransferResultsOptions,
  transfer: (key: Key, options: OneTransfer) => Promise<Outcome>,
): Promise<Transferred> {
  const moved: Key[] = [];
  const absent: Key[] = [];
  const failed: { key: Key; message: string }[] = [];
  let present = 0;
  const meter = measureMovement(() => onProgress?.(meter.now()));
  const all = keys.map((key) => ({ key, ...meter.begin() }));
  let stopped = false;
  await eachInLanes(remote.bucket.parallel, all, async ({ key, expect, onBytes, end }) => {
    if (stopped) return;
    try {
      const outcome = await transfer(key, { expect, onBytes, ...(signal && { signal }) });
      if (outcome === 'moved') moved.push(key);
      else if (outcome === 'absent') absent.push(key);
      else present++;
    } catch (error) {
      if (!(error instanceof RemoteError) || isOfAll(error)) {
        stopped = true;
        throw error;
      }
      failed.push({ key, message: error.message });
    }
    end();
  });
  return { moved, present, absent, failed, bytes: meter.now().bytes };
}

/** What the remote says of every request, not only of this one: asking for the next is no use. */
function isOfAll({ trouble }: RemoteError): boolean {
  return trouble !== 'poisoned' && trouble !== 'refused';
}
