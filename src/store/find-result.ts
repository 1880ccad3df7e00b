import { existsSync } from 'node:fs';
import type { StoreContext } from './context.ts';
import { digestExamined, type Examined, examineResult } from './examine.ts';
import type { Noted } from './journal.ts';
import { keptManifest, type Layout, resultDirectory } from './layout.ts';
import { leasedByOthers } from './locks/leases.ts';
import { bootId } from './locks/process-identity.ts';
import { makeFolder } from './make-folder.ts';
import { readKeptManifest } from './manifest.ts';
import { moveAway } from './remove.ts';
import type { Key, Manifest } from './result.ts';
import { isSealed, statusOf } from './seal.ts';

export type FindResult = (key: Key) => Noted | undefined;

/** Finds results: those in the journal by a glance at each output, others by their manifest. */
export function resultFinder(context: StoreContext): FindResult {
  const { layout, journal } = context;
  const examined = new Set<Key>();
  return (key) => {
    const noted = journal.get(key);
    if (noted?.payload === 'removed' && existsSync(keptManifest(layout, key))) return noted;
    if (noted !== undefined && looksWhole(layout, noted) && (isShallow(noted) || examined.has(key))) return noted;
    return lookAgain(key, noted);
  };

  function lookAgain(key: Key, noted: Noted | undefined): Noted | undefined {
    const found = examineResult(layout, key);
    if (found === undefined) return findKept(key);
    const problems = problemsOf(found, noted);
    if (problems.length > 0) {
      moveDamaged(context, key);
      return findKept(key);
    }
    examined.add(key);
    const result = notedResult(found.manifest!, found.inodes);
    if (noted === undefined || JSON.stringify(noted) !== JSON.stringify(result)) {
      journal.remember(result);
      context.group.add(result);
    }
    return result;
  }

  function findKept(key: Key): Noted | undefined {
    const manifest = readKeptManifest(layout, key);
    if (manifest === undefined) return undefined;
    const result: Noted = { ...notedResult(manifest, {}), payload: 'removed' };
    journal.remember(result);
    return result;
  }
}

/** One glance at each output: are they the very files and folders that were noted, untouched? */
export function looksWhole(layout: Layout, noted: Noted): boolean {
  if (noted.payload === 'removed') return false;
  const directory = resultDirectory(layout, noted.key);
  for (const name in noted.outputs) {
    const status = statusOf(`${directory}/${name}`);
    if (status === undefined || status.ino !== noted.inodes[name] || !isSealed(status)) return false;
    if (status.isFile() && status.size !== noted.outputs[name]!.size) return false;
  }
  return true;
}

/** A glance at a folder says nothing of what lies deeper in it. */
export function isShallow({ outputs }: Noted): boolean {
  for (const name in outputs) if (outputs[name]!.kind !== 'file') return false;
  return true;
}

/** What is in memory and in the journal of a result whose payload is present. */
export function notedResult(manifest: Manifest, inodes: Noted['inodes']): Noted {
  const { key, instance, attempt } = manifest;
  const outputs = Object.fromEntries(
    Object.entries(manifest.outputs).map(([name, { kind, digest, size }]) => [name, { kind, digest, size }]),
  );
  return { key, instance, outputs, payload: 'present', attempt, inodes };
}

/** Moves a result that is not what its manifest says out of the way; not while another process reads it. */
export function moveDamaged(context: StoreContext, key: Key): boolean {
  const { layout } = context;
  if (leasedByOthers(layout, context.holder()).has(key)) return false;
  makeFolder(layout.damaged);
  for (let number = 1; ; number++) {
    const target = `${layout.damaged}/${key}.${number}`;
    if (!existsSync(target)) return moveAway(resultDirectory(layout, key), target);
  }
}

/** A result that no journal knows may have been cut short by a loss of power if the machine was started since. */
function problemsOf(found: Examined, noted: Noted | undefined): readonly string[] {
  if (found.problems.length > 0) return found.problems;
  const doubtful = noted === undefined && found.manifest?.boot !== bootId;
  return digestExamined(found, doubtful ? found.files : found.touched);
}
