/** What the engine asks of the store. Layout, durability and locking are the store's own affair: see the design. */
import type { Json } from '../graph/plan.ts';
import type { Failure } from '../run/events.ts';
import type { Digest, InputRecord, Key, Manifest, OutputRecord } from './result.ts';

/** A finished result, as the journal remembers it. */
export interface StoredResult {
  readonly key: Key;
  readonly instance: string;
  readonly outputs: Readonly<Record<string, Pick<OutputRecord, 'kind' | 'digest' | 'size'>>>;
  /** The payload was removed (`temp`, `gc`); digests are still known, so what lies downstream is current. */
  readonly payload: 'present' | 'removed';
}

export interface Holder {
  readonly pid: number;
  readonly host: string;
}

export interface Store {
  /** Absolute path of the cache folder: `store/`, `work/`, `runs/`, … lie below it. */
  readonly directory: string;
  /** The result of a key, if its manifest is there; a payload that is not whole is moved aside and counts as absent. No promise: a no-op asks 10,000 times. */
  find(key: Key): StoredResult | undefined;
  /** Absolute path of an output of a finished result. */
  outputPath(key: Key, output: string): string;
  manifest(key: Key): Manifest | undefined;
  /** Files of a directory output, for digests of paths below it. */
  digestBelow(key: Key, output: string, path: string): Digest | undefined;
  /** Keys that this instance id was ever built under, newest first. */
  history(instance: string): readonly Key[];
  /**
   * Locks a key for building; waits while another process holds it. If its result is there by then (payload and all),
   * that is returned instead, unless it is to be rebuilt. Rejects with a `StoreError` if the store cannot be written.
   */
  claim(key: Key, options: ClaimOptions): Promise<Claim | StoredResult>;
  /**
   * Keeps these results from `gc`, `temp` and repair of other processes until this store is closed. Lease first, then
   * `find`: what is found then stays.
   */
  lease(keys: readonly Key[]): void;
  /** Absolute paths of what was changed in these results since they were sealed: a stage wrote where it may only read. */
  tampered(keys: readonly Key[]): string[];
  /** Removes the payload of a `temp` result, keeps its manifest; does nothing while others lease it. */
  removePayload(key: Key): Promise<void>;
  /** Keeps the manifest of a result whose payload lies elsewhere: what is made from it can be told from now on. Does nothing if a manifest is there. */
  adopt(manifest: Manifest): StoredResult;
  /** Resolves when all that was committed is on disk and noted in the journal. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface ClaimOptions {
  readonly signal: AbortSignal;
  onWait(holder: Holder): void;
  /** Build even though a result is there (`--force`, `always`); its bytes are compared with the old ones. */
  readonly rebuild?: boolean;
}

export interface Claim {
  readonly key: Key;
  begin(request: AttemptRequest): Promise<Attempt>;
  release(): Promise<void>;
}

export interface AttemptRequest {
  readonly outputs: Readonly<Record<string, 'file' | 'directory'>>;
  /** Identity of unfinished work: the scratch of an earlier attempt with the same one is handed over. */
  readonly resume?: string;
}

export interface Attempt {
  /** Counts up over all attempts at this key, also of earlier processes. */
  readonly number: number;
  /** `work/KEY.ATTEMPT`: holds the outputs and nothing else. */
  readonly directory: string;
  /** Absolute paths to write to; directories exist. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly scratch: string;
  /** True when `scratch` holds unfinished work. */
  readonly resumed: boolean;
  /** Tells the lock who works on it, so that a successor can end what a dead engine left running. */
  noteProcessGroup(pid: number): void;
  /**
   * Checks, digests, seals and moves the outputs into place. `promised`: paths that must exist below an output.
   * Failures are returned; the attempt is then still to be abandoned.
   */
  commit(facts: CommitFacts): Promise<Committed>;
  /**
   * Digests, seals and moves into place outputs that were made elsewhere, under the manifest that came with them. Fails with reason
   * `bad-output` if they are not what it says, with `store-changed` if other bytes are known under this key.
   */
  adopt(manifest: Manifest): Promise<Committed>;
  /** Removes outputs; scratch stays if it is resumable. */
  abandon(): Promise<void>;
}

export interface CommitFacts
  extends Omit<Manifest, 'format' | 'key' | 'outputs' | 'recipe' | 'inputs' | 'attempt' | 'user' | 'host' | 'kumiki'> {
  readonly recipe: Json;
  readonly inputs: readonly InputRecord[];
  readonly promised: readonly { readonly output: string; readonly path: string }[];
  /** The attempt's log: linked or copied beside the outputs. */
  readonly log?: string;
}

export type Committed =
  | {
      readonly ok: true;
      readonly result: StoredResult;
      readonly irreproducible?: readonly { readonly output: string; readonly before: Digest; readonly now: Digest }[];
    }
  | { readonly ok: false; readonly failure: Failure };

/** Files and directories outside the store, digested once and remembered by size, mtime, ctime and inode. */
export interface Sources {
  /** From memory, if the file is still as remembered: one stat, no promise. Paths are absolute, or URLs of objects. */
  known(path: string): Digest | undefined;
  /** Digests what is not known, large files in worker threads. Rejects with the system's error for a missing file. */
  digest(path: string): Promise<Digest>;
  /** After a stage ran: is the content still what it was? */
  unchanged(path: string, digest: Digest): Promise<boolean>;
  /** Where a source is read once its digest is known: an object of a bucket, in the cache folder; a path, where it is. */
  located(path: string): string;
  save(): Promise<void>;
}
