/** What a finished stage instance leaves in the store: its outputs and the manifest that describes them. */
import type { Json } from '../graph/plan.ts';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** Name of a result's folder: 64 hexadecimal digits, see `resultKey`. */
export type Key = string;

export interface FileRecord {
  /** Relative to the output, `/` between parts, sorted by code units. */
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
  readonly executable: boolean;
}

export interface OutputRecord {
  readonly kind: 'file' | 'directory';
  /** Of the bytes, or of the sorted (path, size, digest, executable) list. */
  readonly digest: Digest;
  /** Bytes in total. */
  readonly size: number;
  readonly executable?: boolean;
  /** Only of a directory. */
  readonly files?: readonly FileRecord[];
}

export interface InputRecord {
  readonly name: string;
  readonly digests: readonly Digest[];
  /** For people: the instance and output or the source path that it came from; the key does not take it. */
  readonly from: readonly string[];
  /** Keys of the results in the store among them, so that provenance can be followed. */
  readonly keys: readonly (Key | null)[];
  /** Those that are values (entries of `configs`, parsed config files), so that a later difference can be told; null for the others. */
  readonly values?: readonly (Json | null)[];
}

export interface Manifest {
  readonly format: 1;
  readonly key: Key;
  readonly instance: string;
  readonly recipe: Json;
  readonly inputs: readonly InputRecord[];
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  /** Parameters that say how, not what: outside the key. */
  readonly how: Readonly<Record<string, Json>>;
  readonly run: string;
  readonly attempt: number;
  readonly user: string;
  readonly host: string;
  readonly started: string;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  /** Bytes, of the attempt's process tree as sampled. */
  readonly peakMemory?: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly exit: number;
  /** Last value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly kumiki: string;
  /** Of the workspace, where it was a checkout. */
  readonly commit?: string;
  /** Boot of the machine that wrote it: until it is known to be on disk, another boot must not trust it unread. */
  readonly boot?: string;
  /** What earlier builds under this key gave, when they gave other bytes. Oldest first. */
  readonly superseded?: readonly Superseded[];
}

export interface Superseded {
  readonly run: string;
  readonly started: string;
  readonly outputs: Readonly<Record<string, Digest>>;
}
