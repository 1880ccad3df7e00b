import { eachInLanes } from '../../objects/lanes.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import { unlessAborted } from '../../objects/retry.ts';
import { measureMovement } from '../../store/remote/movement.ts';
import { pullResult } from '../../store/remote/pull-result.ts';
import { describeConflict, differences, pushResult } from '../../store/remote/push-result.ts';
import { type RemoteCache, remoteManifest } from '../../store/remote/remote-cache.ts';
import type { Key } from '../../store/result.ts';
import { sizeOf } from '../../store/size-of.ts';
import type { Claim, StoredResult } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import { type AssessOptions, assess } from '../assess.ts';
import type { RunContext } from '../context.ts';
import type { ResultsMoved } from '../events.ts';
import { completedCopies } from '../publish/completion.ts';
import { adoptAll, isOf } from './adopt-manifests.ts';
import { type WantedPayload, wantedPayloads } from './wanted-payloads.ts';

/** Where a run shares results, as `kumiki.yaml` says. */
export interface RunRemote {
  readonly pull: boolean;
  readonly push: boolean;
  /** Opens it, when it is first needed. Rejects with a `RemoteError`. */
  open(): Promise<RemoteCache>;
}

/** A remote as a run uses it. Nothing of it fails the run: what goes wrong is a warning, and the stage runs here. */
export interface SharedResults {
  /** Before anything runs: learns what the remote knows of the plan, and fetches what the run is going to read or was asked for. */
  prepare(options: AssessOptions): Promise<void>;
  /** The result of a claimed key, fetched instead of made; undefined if that cannot be. */
  fetch(instance: number, key: Key, claim: Claim): Promise<Fetched | undefined>;
  /** Sends a result in the background. */
  send(instance: number, key: Key): void;
  /** Resolves when all that was to be sent is sent, or given up. */
  settle(): Promise<void>;
  /** Sends nothing more; what is under way is broken off. */
  giveUp(): void;
}

export interface Fetched {
  readonly result: StoredResult;
  readonly from: string;
}

/** A remote that had nothing for a key is not asked again for so long. */
const absentMs = 60_000;

/** Between two events that tell how far a transfer is. */
const tellEveryMs = 1000;

/** What is asked of a remote: until when it is waited for, and what to do if it fails. */
interface Attempted {
  readonly signal: AbortSignal;
  readonly remedy: string;
}

export function shareResults(context: RunContext, { pull, push, open }: RunRemote): SharedResults {
  const { view, events, stopping } = context;
  const { plan, store } = view;
  const absentSince = new Map<Key, number>();
  const sending: Promise<void>[] = [];
  const pushed = tellMovement('pushed', events.emit);
  const givenUp = new AbortController();
  const taking: Attempted = { signal: stopping, remedy: 'the run goes on without the remote' };
  const giving: Attempted = {
    signal: givenUp.signal,
    remedy: 'nothing is lost: `kumiki cache push` sends what the remote lacks',
  };
  let opened: Promise<RemoteCache> | undefined;
  let isOff = false;

  const warned = new Set<string>();
  const warn = (message: string, instance?: number) => {
    if (warned.has(message)) return;
    warned.add(message);
    const about = instance === undefined ? {} : { instance: plan.instances[instance]!.id };
    events.emit({ type: 'warning', message, ...about });
  };

  /** What fails of one object is a warning; what fails of the whole remote is one only, and nothing more is asked of it. */
  const attempted = async <T>(
    instance: number | undefined,
    { signal, remedy }: Attempted,
    action: (remote: RemoteCache) => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    if (isOff) return undefined;
    try {
      opened ??= open();
      return await action(await unlessAborted(signal, opened));
    } catch (error) {
      if (signal.aborted && (error as Error).name === 'AbortError') return undefined;
      if (error instanceof StoreError) warn(`${error.message}; ${remedy}`, instance);
      else if (!(error instanceof RemoteError)) throw error;
      else if (error.trouble === 'poisoned' || error.trouble === 'refused') warn(error.message, instance);
      else if (!isOff) {
        isOff = true;
        warn(`${error.message}; ${remedy}`);
      }
      return undefined;
    }
  };

  const fetchWith = async (
    remote: RemoteCache,
    { instance, key }: WantedPayload,
    claim: Claim,
    onBytes: (bytes: number) => void,
  ): Promise<Fetched | undefined> => {
    const from = remote.bucket.url;
    const there = await remoteManifest(remote, key, { signal: stopping });
    const manifest = there?.manifest;
    const known = store.manifest(key);
    const found = manifest && known ? differences(manifest, known) : [];
    if (manifest && found.length > 0) {
      warn(describeConflict(manifest.instance, found, from), instance);
      return undefined;
    }
    const isMeant = there !== undefined && isOf(plan.instances[instance]!, there.manifest);
    const result = isMeant ? await pullResult(remote, there, claim, { signal: stopping, onBytes }) : undefined;
    if (result !== undefined) return { result, from };
    absentSince.set(key, Date.now());
    return undefined;
  };

  const fetchAll = async (remote: RemoteCache, wanted: readonly WantedPayload[]): Promise<void> => {
    const pulled = tellMovement('pulled', events.emit);
    pulled.with(remote.bucket.url);
    const moving = wanted.map((one) => ({ ...one, ...pulled.begin(bytesOf(one.key)) }));
    await eachInLanes(remote.bucket.parallel, moving, async ({ onBytes, end, ...one }) => {
      if (stopping.aborted) return;
      await attempted(one.instance, taking, async () => {
        const claim = await store.claim(one.key, { signal: stopping, onWait: () => {} });
        if (!('begin' in claim)) return;
        try {
          if (await fetchWith(remote, one, claim, onBytes)) pulled.movedOne();
        } finally {
          await claim.release();
        }
      });
      end();
    });
    pulled.end();
  };

  const bytesOf = (key: Key) => {
    const result = store.find(key);
    return result === undefined ? 0 : sizeOf(result);
  };

  const sendWith = async (
    remote: RemoteCache,
    { instance, key }: WantedPayload,
    onBytes: (bytes: number) => void,
  ): Promise<void> => {
    pushed.with(remote.bucket.url);
    const { id, temp } = plan.instances[instance]!;
    const outcome = await pushResult(store, remote, key, {
      payload: !temp,
      isAbsent: absentSince.has(key),
      signal: givenUp.signal,
      onBytes,
    });
    if (outcome.state === 'conflict') warn(describeConflict(id, outcome.differences, remote.bucket.url), instance);
    if (outcome.state === 'pushed') pushed.movedOne();
  };

  return {
    async prepare(options) {
      const isCurrent = assess(plan, options).every((found) => found === undefined || found.kind === 'current');
      if (!pull || (isCurrent && wantedPayloads(plan, options).length === 0)) return;
      await attempted(undefined, taking, async (remote) => {
        await adoptAll(plan, options, remote, warn, { signal: stopping });
        const wanted = wantedPayloads(plan, options, await completedCopies(context));
        if (wanted.length > 0) await fetchAll(remote, wanted);
      });
    },
    async fetch(instance, key, claim) {
      if (!pull || Date.now() - (absentSince.get(key) ?? 0) < absentMs) return undefined;
      return await attempted(instance, taking, (remote) => fetchWith(remote, { instance, key }, claim, () => {}));
    },
    send(instance, key) {
      if (!push) return;
      const { onBytes, end } = pushed.begin(plan.instances[instance]!.temp ? 0 : bytesOf(key));
      const sent = attempted(instance, giving, (remote) => sendWith(remote, { instance, key }, onBytes));
      sending.push(sent.then(end));
    },
    giveUp: () => givenUp.abort(),
    async settle() {
      await Promise.all(sending);
      pushed.end();
    },
  };
}

/** Measures what moves, and tells of it now and then. */
function tellMovement(direction: ResultsMoved['direction'], emit: (event: ResultsMoved) => void) {
  let toldAt = Date.now();
  let remote = '';
  const meter = measureMovement(() => {
    if (Date.now() - toldAt < tellEveryMs || remote === '') return;
    toldAt = Date.now();
    emit({ type: 'results-moved', direction, remote, ...meter.now() });
  });
  const moved = { results: 0, bytes: 0 };
  return {
    begin: meter.begin,
    /** Where it moves to or from, once that is open. */
    with(url: string) {
      remote = url;
    },
    movedOne() {
      moved.results++;
    },
    end() {
      const { results } = moved;
      if (results > 0) emit({ type: 'results-moved', direction, remote, results, bytes: meter.now().bytes });
    },
  };
}
