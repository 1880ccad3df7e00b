import { digestTree } from '../digest/digest-tree.ts';
import { isManifest, logName, manifestName } from '../manifest.ts';
import type { FileRecord, Key, Manifest, OutputRecord } from '../result.ts';

/** A manifest that somebody else wrote, or a sentence that says why it cannot be trusted: its names become paths here. */
export function parseManifest(bytes: Uint8Array, key: Key): Manifest | string {
  const value = parseJson(bytes);
  if (!isManifest(value)) return 'it is no manifest';
  if (value.key !== key) return `it is of another key, ${String(value.key).slice(0, 64)}`;
  for (const [name, record] of Object.entries(value.outputs)) {
    const problem = problemOf(name, record);
    if (problem !== undefined) return problem;
  }
  return value;
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

/** Relative, and stays where it starts from. */
function isPlainPath(path: unknown): path is string {
  if (typeof path !== 'string' || path.includes('\0')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function isDigest(text: unknown): boolean {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0;
}
