import type { Digest, Key } from './result.ts';
import { openSegments, type Row } from './segments.ts';
import type { StoredResult } from './store.ts';
import { ifWritable } from './store-error.ts';

/** A result that is known to be on disk, and what tells at a glance that it still is the one that was noted. */
export interface Noted extends StoredResult {
  readonly attempt: number;
  /** Inode of each output. */
  readonly inodes: Readonly<Record<string, number>>;
}

/** What is known to be on disk, in memory: saves a no-op the reading of manifests, which are the truth. */
export interface Journal {
  get(key: Key): Noted | undefined;
  /** Newest first. */
  history(instance: string): readonly Key[];
  /** Highest number of an attempt at this key that is known of; 0 if none. */
  lastAttempt(key: Key): number;
  /** Writes down an attempt that left no result, so that numbers count up over processes. */
  noteAttempt(key: Key, number: number): void;
  /** Known in this process at once; on disk with `append`. */
  remember(result: Noted): void;
  /** Writes rows of results that are durable by now; resolves when the rows are, too. */
  append(results: readonly Noted[]): Promise<void>;
  /** Replaces what is on disk by what is in memory when that makes the next reading cheaper. */
  compactIfLarge(isInUse: (writer: string) => boolean): void;
  /** Replaces all that is known of results, in memory and on disk. */
  rewrite(results: readonly Noted[], isInUse: (writer: string) => boolean): void;
  close(): void;
}

/** Segments and lines (in live results) above which they are merged. */
const manySegments = 16;
const manyLines = 2;

export function openJournal(directory: string, writer: string): Journal {
  const segments = openSegments(directory, writer);
  const rows = new Map<Key, ResultRow>();
  const unpacked = new Map<Key, Noted>();
  /** Made when it is first asked for, which few runs do; until then, what this process built is kept apart. */
  let histories: Map<string, Key[]> | undefined;
  const built: Noted[] = [];
  const attempts = new Map<Key, AttemptRow>();
  for (const row of segments.rows) {
    if (isResultRow(row)) rows.set(row[1], row);
    else if (isAttemptRow(row)) attempts.set(row[1], row);
  }

  const merged = () => [...rows.values(), ...attempts.values()].sort((a, b) => a[0] - b[0]);
  const compact = (isInUse: (writer: string) => boolean) => segments.compact(merged(), isInUse);

  return {
    get(key) {
      const known = unpacked.get(key);
      if (known !== undefined) return known;
      const row = rows.get(key);
      if (row === undefined) return undefined;
      const result = unpack(row);
      unpacked.set(key, result);
      return result;
    },
    history(instance) {
      if (histories === undefined) {
        histories = new Map();
        for (const row of segments.rows) if (isResultRow(row)) addNewest(histories, row[2], row[1]);
        for (const result of built) addNewest(histories, result.instance, result.key);
      }
      return histories.get(instance)?.toReversed() ?? [];
    },
    lastAttempt(key) {
      return Math.max(unpacked.get(key)?.attempt ?? rows.get(key)?.[3] ?? 0, attempts.get(key)?.[2] ?? 0);
    },
    noteAttempt(key, number) {
      attempts.set(key, [0, key, number]);
      ifWritable(() => {
        for (const row of segments.append([[key, number]])) if (isAttemptRow(row)) attempts.set(key, row);
      });
    },
    remember(result) {
      unpacked.set(result.key, result);
      if (histories === undefined) built.push(result);
      else addNewest(histories, result.instance, result.key);
    },
    async append(results) {
      for (const row of segments.append(results.map(pack))) if (isResultRow(row)) rows.set(row[1], row);
      await segments.sync();
    },
    compactIfLarge(isInUse) {
      if (segments.count >= manySegments || segments.rows.length > manyLines * (rows.size + attempts.size) + 1_000)
        compact(isInUse);
    },
    rewrite(results, isInUse) {
      rows.clear();
      unpacked.clear();
      for (const row of segments.append(results.map(pack))) if (isResultRow(row)) rows.set(row[1], row);
      compact(isInUse);
    },
    close: () => segments.close(),
  };
}

type ResultRow = Row & readonly [number, Key, string, number, 0 | 1, ...(string | number)[]];

function isResultRow(row: Row): row is ResultRow {
  return typeof row[1] === 'string' && typeof row[2] === 'string' && row.length >= 5;
}

/** `[number, key, attempt]` */
type AttemptRow = Row & readonly [number, Key, number];

function isAttemptRow(row: Row): row is AttemptRow {
  return row.length === 3 && typeof row[1] === 'string' && typeof row[2] === 'number';
}

/** `[number, key, instance, attempt, present, (name, kind, digest, size, inode)…]`: flat, since that parses fastest. */
function pack(result: Noted): (string | number)[] {
  const outputs = Object.entries(result.outputs).flatMap(([name, { kind, digest, size }]) => [
    name,
    kind === 'file' ? 'f' : 'd',
    digest.slice('sha256:'.length),
    size,
    result.inodes[name] ?? 0,
  ]);
  return [result.key, result.instance, result.attempt, result.payload === 'present' ? 1 : 0, ...outputs];
}

/** By position: a no-op unpacks every row, and destructuring would iterate over each. */
function unpack(row: ResultRow): Noted {
  const outputs: Record<string, StoredResult['outputs'][string]> = {};
  const inodes: Record<string, number> = {};
  for (let at = 5; at < row.length; at += 5) {
    const name = row[at] as string;
    const kind = row[at + 1] === 'f' ? 'file' : 'directory';
    outputs[name] = { kind, digest: `sha256:${row[at + 2]}` as Digest, size: row[at + 3] as number };
    inodes[name] = row[at + 4] as number;
  }
  return {
    key: row[1],
    instance: row[2],
    outputs,
    payload: row[4] === 1 ? 'present' : 'removed',
    attempt: row[3],
    inodes,
  };
}

function addNewest(histories: Map<string, Key[]>, instance: string, key: Key): void {
  const keys = histories.get(instance);
  if (keys === undefined) histories.set(instance, [key]);
  else if (keys.at(-1) !== key) histories.set(instance, [...keys.filter((other) => other !== key), key]);
}
