/** Temporary stores, results made by hand, and processes that work on a store as they are told. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore } from '../../src/store/open-store.ts';
import type { Key } from '../../src/store/result.ts';
import type { Attempt, Claim, CommitFacts, Committed, Store, StoredResult } from '../../src/store/store.ts';
import type { Order, Report } from './store-process.ts';

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-store-'));
  // Not before the processes that a test started in it are gone.
  t.after(() => process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 })));
  return folder;
}

export async function openTestStore(t: TestContext, directory: string): Promise<Store> {
  const store = await openStore(directory, { kumiki: '0.0.0' });
  let closed: Promise<void> | undefined;
  const close = store.close.bind(store);
  store.close = () => {
    closed ??= close();
    return closed;
  };
  t.after(() => store.close());
  return store;
}

/** A key that reads well in messages: `a` repeated, and the like. */
export function keyOf(digit: string): Key {
  return digit.repeat(64);
}

/** Contents of outputs: of a file, or of a directory's files by path. */
export type Contents = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

export const text: Contents = { text: 'hello\n' };
export const tree: Contents = { tree: { 'a.txt': 'a', 'deep/er/b.txt': 'bb' } };

export function declare(contents: Contents): Record<string, 'file' | 'directory'> {
  return Object.fromEntries(
    Object.entries(contents).map(([name, content]) => [name, typeof content === 'string' ? 'file' : 'directory']),
  );
}

export function write(attempt: Pick<Attempt, 'outputs'>, contents: Contents): void {
  for (const [name, content] of Object.entries(contents)) {
    const path = attempt.outputs[name]!;
    if (typeof content === 'string') writeFileSync(path, content);
    else writeTree(path, content);
  }
}

export function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

export function facts(instance = 'stage'): CommitFacts {
  return {
    instance,
    recipe: { run: 'cat' },
    inputs: [],
    how: {},
    run: 'run-1',
    started: '2024-05-06T07:08:09.000Z',
    seconds: 1,
    resources: { cpu: 1 },
    exit: 0,
    metrics: {},
    promised: [],
  };
}

export async function claimKey(store: Store, key: Key, rebuild = false): Promise<Claim> {
  const claim = await claimOrFind(store, key, rebuild);
  assert('begin' in claim, 'the result is there already');
  return claim;
}

export function claimOrFind(store: Store, key: Key, rebuild = false): Promise<Claim | StoredResult> {
  return store.claim(key, { signal: AbortSignal.timeout(60_000), onWait: () => {}, rebuild });
}

export async function build(
  store: Store,
  key: Key,
  contents: Contents,
  options: BuildOptions = {},
): Promise<Committed> {
  const claim = await claimKey(store, key, options.rebuild);
  const attempt = await claim.begin({ outputs: declare(contents) });
  write(attempt, contents);
  const committed = await attempt.commit({ ...facts(options.instance), ...options.facts });
  await claim.release();
  return committed;
}

export interface BuildOptions {
  readonly instance?: string;
  readonly rebuild?: boolean;
  readonly facts?: Partial<CommitFacts>;
}

/** Builds a result that must succeed. */
export async function built(store: Store, key: Key, contents: Contents, options?: BuildOptions): Promise<StoredResult> {
  const committed = await build(store, key, contents, options);
  assert(committed.ok, committed.ok ? '' : committed.failure.message);
  return committed.result;
}

/** Writes to a sealed file as a careless stage of root would: mode and all. */
export function overwrite(path: string, content: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
}

/** Names in a folder below a cache; none if it is not there. */
export function names(...path: string[]): string[] {
  const folder = join(...path);
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder).sort();
}

export function read(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}

/** Another process on the same store; it does one thing after the other, as told. */
export interface StoreProcess {
  readonly child: ChildProcess;
  /** Resolves with the answer; rejects with what went wrong there, or when it dies. */
  tell<T = unknown>(order: Order): Promise<T>;
  /** Resolves with the holder that it says it waits for. */
  waits(): Promise<{ readonly pid: number; readonly host: string }>;
  kill(): Promise<void>;
}

export async function startProcess(t: TestContext, cache: string): Promise<StoreProcess> {
  const child = fork(join(import.meta.dirname, 'store-process.js'), [cache]);
  const ended = once(child, 'exit');
  t.after(() => child.kill('SIGKILL'));
  const reports: Report[] = [];
  const listeners = new Set<() => void>();
  child.on('message', (report: Report) => {
    reports.push(report);
    for (const listener of listeners) listener();
  });
  const take = async (isWanted: (report: Report) => boolean): Promise<Report> => {
    for (;;) {
      const index = reports.findIndex(isWanted);
      if (index >= 0) return reports.splice(index, 1)[0]!;
      await new Promise<void>((resolve, reject) => {
        const listener = () => {
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
        ended.then(() => reject(new Error('the process ended')));
      });
    }
  };
  let orders = 0;
  const store: StoreProcess = {
    child,
    async tell<T>(order: Order): Promise<T> {
      const id = ++orders;
      child.send({ id, order });
      const report = await take((candidate) => candidate.id === id);
      if (report.error !== undefined) throw new Error(report.error);
      return report.value as T;
    },
    async waits() {
      const report = await take((candidate) => candidate.holder !== undefined);
      return report.holder!;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  await take((report) => report.ready === true);
  return store;
}
