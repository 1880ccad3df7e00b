import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { keptManifest, type Layout, resultDirectory } from './layout.ts';
import type { Key, Manifest, OutputRecord } from './result.ts';

/** Names in a result's folder that no output may have. */
export const manifestName = 'manifest.json';
export const logName = 'attempt.log';

/** The manifest in a result's folder; undefined if there is none or it is not one of this key. */
export function readManifest(layout: Layout, key: Key): Manifest | undefined {
  return readManifestFile(`${resultDirectory(layout, key)}/${manifestName}`, key);
}

/** The manifest of a result whose payload was removed. */
export function readKeptManifest(layout: Layout, key: Key): Manifest | undefined {
  return readManifestFile(keptManifest(layout, key), key);
}

export function writeManifestFile(path: string, manifest: Manifest): void {
  writeFileSync(path, `${JSON.stringify(manifest, undefined, 1)}\n`, { mode: 0o644 });
}

function readManifestFile(path: string, key: Key): Manifest | undefined {
  // Most often it is not there, and an error thrown costs ten times the look.
  if (!existsSync(path)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isManifest(value) && value.key === key ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Checks what the store itself relies on. */
export function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { format, key, instance, outputs, commit = '' } = value as Partial<Manifest>;
  return (
    format === 1 &&
    typeof key === 'string' &&
    typeof instance === 'string' &&
    typeof commit === 'string' &&
    typeof outputs === 'object' &&
    outputs !== null &&
    Object.values(outputs).every(isOutputRecord)
  );
}

function isOutputRecord(record: unknown): record is OutputRecord {
  const { kind, digest, size, files } = (record ?? {}) as Partial<OutputRecord>;
  const isKnownKind = kind === 'file' || (kind === 'directory' && Array.isArray(files));
  return isKnownKind && typeof digest === 'string' && typeof size === 'number';
}
