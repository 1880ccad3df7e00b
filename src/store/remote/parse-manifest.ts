import { isPlainPath } from '../../objects/plain-path.ts';
import { digestTree } from '../digest/digest-tree.ts';
import { isManifest, logName, manifestName } from '../manifest.ts';
import type { FileRecord, Key, Manifest, OutputRecord } from '../result.ts';
import { largestPack, type Pack } from './packs.ts';
import { resultFiles } from './result-files.ts';

/** A manifest as a remote holds it. */
export interface RemoteManifest {
  readonly manifest: Manifest;
  /** Where its small files are; the others are objects of their own. */
  readonly packs: readonly Pack[];
}

/** A manifest that somebody else wrote, or a sentence that says why it cannot be trusted: its names become paths here. */
export function parseManifest(bytes: Uint8Array, key: Key): RemoteManifest | string {
  const value = parseJson(bytes);
  if (!isManifest(value)) return 'it is no manifest';
  if (value.key !== key) return `it is of another key, ${String(value.key).slice(0, 64)}`;
  for (const [name, record] of Object.entries(value.outputs)) {
    const problem = problemOf(name, record);
    if (problem !== undefined) return problem;
  }
  const { packs = [], ...manifest } = value as Manifest & { readonly packs?: readonly Pack[] };
  return isListOfPacks(packs, manifest) ? { manifest, packs } : 'what it says of packs is wrong';
}

function isListOfPacks(packs: unknown, manifest: Manifest): boolean {
  const sizes = new Map(resultFiles(manifest).map(({ digest, size }) => [digest, size]));
  const isPack = ({ digest, members }: Partial<Pack>) =>
    isDigest(digest) &&
    Array.isArray(members) &&
    members.reduce((sum, member) => sum + (sizes.get(member) ?? Number.NaN), 0) <= largestPack;
  return Array.isArray(packs) && packs.every((pack) => typeof pack === 'object' && pack !== null && isPack(pack));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function problemOf(name: string, record: OutputRecord): string | undefined {
  if (name === manifestName || name === logName || name.startsWith('.') || !isPlainPath(name) || name.includes('/')) {
    return `an output cannot be named ${JSON.stringify(name)}`;
  }
  if (!isDigest(record.digest) || !isSize(record.size)) return `its output '${name}' has no digest and size`;
  if (record.kind === 'file') return undefined;
  const files = record.files ?? [];
  const bad = files.find((file) => !isFileRecord(file));
  if (bad !== undefined) return `its output '${name}' lists ${JSON.stringify(bad.path)}, which is no path below it`;
  return digestTree(files) === record.digest ? undefined : `it contradicts itself about '${name}'`;
}

function isFileRecord({ path, size, digest }: FileRecord): boolean {
  return isPlainPath(path) && isSize(size) && isDigest(digest);
}

function isDigest(text: unknown): boolean {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0;
}
