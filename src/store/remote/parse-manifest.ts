import { isPlainPath } from '../../objects/plain-path.ts';
import { digestBytes } from '../digest/digest-bytes.ts';
import { digestTree } from '../digest/digest-tree.ts';
import { isManifest, logName, manifestName } from '../manifest.ts';
import type { Digest, FileRecord, Key, Manifest, OutputRecord } from '../result.ts';
import { largestPack, type Pack } from './packs.ts';
import { resultFiles } from './result-files.ts';

/** A manifest as a remote holds it. */
export interface RemoteManifest {
  readonly manifest: Manifest;
  /** Bytes of files that it holds itself. */
  readonly inline: ReadonlyMap<Digest, Uint8Array>;
  /** Where further small files are; the others are objects of their own. */
  readonly packs: readonly Pack[];
}

/** What the JSON of a manifest in a remote has besides those of a store. */
export interface RemoteFields {
  /** Base64 by digest. */
  readonly inline?: Readonly<Record<Digest, string>>;
  readonly packs?: readonly Pack[];
}

/** A manifest that somebody else wrote, or a sentence that says why it cannot be trusted: its names become paths here. */
export function parseManifest(bytes: Uint8Array, key: Key): RemoteManifest | string {
  const value = parseJson(bytes);
  if (!isManifest(value)) return 'it is no manifest';
  if (value.key !== key) return `it is of another key, ${String(value.key).slice(0, 64)}`;
  const untold = Object.keys(tellings).find((name) => !tellings[name]!(value[name as keyof Manifest]));
  if (untold !== undefined) return `what it says of '${untold}' is wrong`;
  for (const [name, record] of Object.entries(value.outputs)) {
    const problem = problemOf(name, record);
    if (problem !== undefined) return problem;
  }
  const { inline = {}, packs = [], ...manifest } = value as Manifest & RemoteFields;
  const sizes = new Map(resultFiles(manifest).map(({ digest, size }) => [digest, size]));
  if (!isListOfPacks(packs, sizes)) return 'what it says of packs is wrong';
  const contents = inlineContents(inline, sizes);
  return typeof contents === 'string' ? contents : { manifest, inline: contents, packs };
}

const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown) => typeof value === 'string';

/** What is not needed to fetch a result, and shown later: `explain`, `ls` and reports take it as it is. */
const tellings: Readonly<Record<string, (value: unknown) => boolean>> = {
  inputs: (value) => Array.isArray(value) && value.every(isMap),
  how: isMap,
  run: isText,
  started: isText,
  seconds: Number.isFinite,
  resources: isMap,
  metrics: isMap,
};

type Sizes = ReadonlyMap<Digest, number>;

/** The bytes that a manifest holds, or a sentence that says which are not what they should be. */
function inlineContents(inline: unknown, sizes: Sizes): ReadonlyMap<Digest, Uint8Array> | string {
  if (typeof inline !== 'object' || inline === null) return 'what it holds is no map of files';
  const contents = new Map<Digest, Uint8Array>();
  for (const [name, text] of Object.entries(inline)) {
    const digest = name as Digest;
    const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64');
    if (sizes.get(digest) !== bytes.length || digestBytes(bytes) !== digest) {
      return `it holds other bytes than those of ${name.slice(0, 71)}`;
    }
    contents.set(digest, bytes);
  }
  return contents;
}

function isListOfPacks(packs: unknown, sizes: Sizes): boolean {
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
  const bad = files.findIndex((file) => !isFileRecord(file));
  if (bad >= 0) return `its output '${name}' lists ${JSON.stringify(files[bad])}, which is no file below it`;
  return digestTree(files) === record.digest ? undefined : `it contradicts itself about '${name}'`;
}

function isFileRecord(record: unknown): record is FileRecord {
  const { path, size, digest } = (record ?? {}) as Partial<FileRecord>;
  return isPlainPath(path) && isSize(size) && isDigest(digest);
}

function isDigest(text: unknown): boolean {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0;
}
