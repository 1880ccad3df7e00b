import { copyFileSync, existsSync, linkSync, renameSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Failure } from '../../run/events.ts';
import type { BuildContext, StoreContext } from '../context.ts';
import { examineResult } from '../examine.ts';
import { notedResult } from '../find-result.ts';
import type { Noted } from '../journal.ts';
import { keptManifest, resultDirectory } from '../layout.ts';
import { leasedByOthers } from '../locks/leases.ts';
import type { Lock } from '../locks/lock.ts';
import { bootId } from '../locks/process-identity.ts';
import { logName, manifestName, readKeptManifest, readManifest, writeManifestFile } from '../manifest.ts';
import { unlinkIfThere } from '../remove.ts';
import type { Digest, Key, Manifest, OutputRecord } from '../result.ts';
import { sealFileMode, sealTime, statusOf } from '../seal.ts';
import type { AttemptRequest, CommitFacts, Committed } from '../store.ts';
import { storeFailure } from '../store-error.ts';
import { checkOutputs } from './check-outputs.ts';
import { recordOutputs } from './record-outputs.ts';

export interface Made {
  readonly number: number;
  readonly directory: string;
  readonly outputs: AttemptRequest['outputs'];
}

/** Checks, digests and seals what an attempt made, and moves it into place under the key that is locked. */
export async function commitAttempt(
  context: BuildContext,
  lock: Lock,
  made: Made,
  facts: CommitFacts,
): Promise<Committed> {
  try {
    const checked = checkOutputs(made.directory, made.outputs, facts.promised);
    if (!checked.ok) return checked;
    const outputs = await recordOutputs(checked.outputs);
    const earlier = earlierManifest(context, lock.name);
    const manifest = describe(context, lock.name, made.number, facts, outputs, earlier);
    if (!lock.isHeld()) return lost(lock.name);
    const differences = earlier === undefined ? [] : differencesOf(earlier.outputs, outputs);
    if (earlier !== undefined && differences.length === 0) {
      const kept = keepEarlier(context, lock.name);
      if (kept !== undefined) {
        context.discard(made.directory);
        return { ok: true, result: kept };
      }
    }
    if (differences.length > 0 && leasedByOthers(context.layout, context.holder()).has(lock.name)) {
      return busy(lock.name);
    }
    const result = putInPlace(context, made.directory, manifest, facts.log);
    return { ok: true, result, ...(differences.length > 0 && { irreproducible: differences }) };
  } catch (error) {
    const failure = goneFrom(made.directory, error) ?? storeFailure(error, context.layout.directory);
    if (failure === undefined) throw error;
    return { ok: false, failure };
  }
}

/** A script may remove the folder that it was given, and what it left running, anything in it at any time. */
function goneFrom(directory: string, error: unknown): Failure | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  if ((code !== 'ENOENT' && code !== 'ENOTDIR') || !path?.startsWith(directory)) return undefined;
  return {
    reason: 'missing-output',
    message: `${path} is gone: a stage may remove what it made, not the folder it was given; nothing that it started may outlive it`,
  };
}

/** Checks, digests and seals what was fetched into an attempt's folder, and moves it into place with the manifest that it came with. */
export async function adoptResult(
  context: BuildContext,
  lock: Lock,
  made: Made,
  manifest: Manifest,
): Promise<Committed> {
  try {
    const checked = checkOutputs(made.directory, made.outputs, []);
    if (!checked.ok) return checked;
    const other = differingFiles(manifest.outputs, await recordOutputs(checked.outputs))[0];
    if (other !== undefined) return poisoned(other);
    if (!lock.isHeld()) return lost(lock.name);
    const earlier = earlierManifest(context, lock.name);
    if (earlier !== undefined && differencesOf(earlier.outputs, manifest.outputs).length > 0)
      return contested(lock.name);
    const kept = keepEarlier(context, lock.name);
    if (kept === undefined) {
      return { ok: true, result: putInPlace(context, made.directory, { ...manifest, boot: bootId }, undefined) };
    }
    context.discard(made.directory);
    return { ok: true, result: kept };
  } catch (error) {
    const failure = storeFailure(error, context.layout.directory);
    if (failure === undefined) throw error;
    return { ok: false, failure };
  }
}

/** Paths of files, `OUTPUT/PATH`, that are not what a manifest says. */
function differingFiles(expected: Manifest['outputs'], found: Manifest['outputs']): string[] {
  return Object.entries(expected).flatMap(([name, record]) => {
    const made = found[name];
    if (made?.digest === record.digest) return [];
    const digests = new Map(made?.files?.map(({ path, digest }) => [path, digest]));
    const files = (record.files ?? []).filter(({ path, digest }) => digests.get(path) !== digest);
    return files.length === 0 ? [name] : files.map(({ path }) => `${name}/${path}`);
  });
}

function describe(
  context: BuildContext,
  key: Key,
  attempt: number,
  facts: CommitFacts,
  outputs: Manifest['outputs'],
  earlier: Manifest | undefined,
): Manifest {
  const { promised: _promised, log: _log, ...told } = facts;
  const superseded = earlier === undefined ? [] : supersededBy(earlier, outputs);
  return {
    format: 1,
    key,
    ...told,
    outputs,
    attempt,
    user,
    host: hostname(),
    kumiki: context.kumiki,
    boot: bootId,
    ...(superseded.length > 0 && { superseded }),
  };
}

const user = userName();

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}

function supersededBy(earlier: Manifest, outputs: Manifest['outputs']) {
  const before = earlier.superseded ?? [];
  if (differencesOf(earlier.outputs, outputs).length === 0) return before;
  const digests = Object.entries(earlier.outputs).map(([name, { digest }]) => [name, digest] as const);
  return [...before, { run: earlier.run, started: earlier.started, outputs: Object.fromEntries(digests) }];
}

function differencesOf(before: Manifest['outputs'], now: Readonly<Record<string, OutputRecord>>) {
  return Object.entries(now).flatMap(([output, { digest }]) => {
    const earlier: Digest | undefined = before[output]?.digest;
    return earlier === undefined || earlier === digest ? [] : [{ output, before: earlier, now: digest }];
  });
}

function earlierManifest({ layout }: StoreContext, key: Key): Manifest | undefined {
  return readManifest(layout, key) ?? readKeptManifest(layout, key);
}

/** The result that is there already, if it is whole: equal bytes need no second copy. */
function keepEarlier(context: StoreContext, key: Key): Noted | undefined {
  const found = examineResult(context.layout, key);
  if (found?.manifest === undefined || found.problems.length > 0 || found.touched.length > 0) return undefined;
  return notedResult(found.manifest, found.inodes);
}

/** From the rename on the result is there for everyone; the disk and the journal follow with the group. */
function putInPlace(context: StoreContext, work: string, manifest: Manifest, log: string | undefined): Noted {
  const { layout, journal, group } = context;
  const target = resultDirectory(layout, manifest.key);
  const manifestPath = `${work}/${manifestName}`;
  writeManifestFile(manifestPath, manifest);
  sealFileMode(manifestPath, statusOf(manifestPath)!);
  if (log !== undefined) linkOrCopy(log, `${work}/${logName}`);
  sealTime(work);
  if (existsSync(target)) context.discard(target);
  renameSync(work, target);
  const kept = keptManifest(layout, manifest.key);
  if (existsSync(kept)) unlinkIfThere(kept);
  const inodes = Object.keys(manifest.outputs).map((name) => [name, statusOf(`${target}/${name}`)!.ino] as const);
  const result = notedResult(manifest, Object.fromEntries(inodes));
  journal.remember(result);
  group.add(result);
  return result;
}

/** The log keeps its mode and time: its other name is the run's, which may still be written to. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(from, to);
  }
}

function lost(key: Key): Committed {
  const message = `another process took over the build of ${key} while this one was not heard of: its result is not kept; run again to use the other's`;
  return { ok: false, failure: { reason: 'lost', message } };
}

function poisoned(path: string): Committed {
  return { ok: false, failure: { reason: 'bad-output', message: `${path} has other bytes than its manifest says` } };
}

function contested(key: Key): Committed {
  const message = `other bytes are known under the key ${key} than those that were fetched: the known ones stay`;
  return { ok: false, failure: { reason: 'store-changed', message } };
}

function busy(key: Key): Committed {
  const message = `the rebuild of ${key} gave other bytes than before, and another run reads the earlier ones: run again when it has finished`;
  return { ok: false, failure: { reason: 'store-changed', message } };
}
