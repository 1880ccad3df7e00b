/**
 * The plan: what a workflow comes to once every matrix is expanded, every expression evaluated and every
 * reference resolved. Plain JSON, so that it can be cached; everything that runs, watches or explains reads this.
 */

import type { Json } from '../workflow/json.ts';
import type { SlurmSettings } from '../workflow/settings.ts';

export type { Json };

export interface Plan {
  readonly name: string;
  /** Absolute path of the workflow file, and of the workspace root that relative paths start from. */
  readonly file: string;
  readonly root: string;
  readonly params: Readonly<Record<string, Json>>;
  /** Size of each pool by name: `cpu` in cores, `memory` in bytes, anything else in its own unit. */
  readonly limits: Readonly<Record<string, number>>;
  /** In topological order: an instance depends only on instances before it. */
  readonly instances: readonly Instance[];
  readonly publish: readonly Publication[];
  /** What `--set` and `--config` changed, recorded with the run. */
  readonly overrides: readonly string[];
}

export interface Instance {
  /** Position in `Plan.instances`. */
  readonly index: number;
  /** `tokenizer`, or `data[subword=wordpiece,shard=3]` with the axes in declared order. */
  readonly id: string;
  readonly stage: string;
  readonly matrix: Readonly<Record<string, Json>>;
  readonly action: Action;
  /** All that it consumes, by name: declared inputs, and references in `run`, `with` or `env` (named `stages.x.outputs.y`). */
  readonly inputs: readonly Input[];
  /** Resolved parameters. A string that holds a path is a `Text`, see `isText`. `how` parameters are included. */
  readonly with: { readonly [key: string]: Value };
  readonly env: Readonly<Record<string, Text>>;
  /** Names of environment variables that are handed through and never recorded by value. */
  readonly passEnv: readonly string[];
  readonly outputs: Readonly<Record<string, 'file' | 'directory'>>;
  /** Paths below directory outputs that other instances read: each must exist after the run. */
  readonly promised: readonly { readonly output: string; readonly path: string }[];
  readonly resources: Readonly<Record<string, number>>;
  readonly retry: { readonly attempts: number; readonly delayMs: number; readonly backoff: number };
  readonly timeoutMs?: number;
  readonly temp?: true;
  readonly frozen?: true;
  readonly always?: true;
  /**
   * Canonical JSON of all that decides the result save the content of the inputs: kind and version (or script
   * before substitution and its values), `with` less `how`, `env`, declared outputs. The key is the digest of this and of the inputs' digests.
   */
  readonly recipe: string;
  /** For resumable stages: the part of the recipe, and the inputs, that identify unfinished work. */
  readonly resume?: { readonly recipe: string; readonly inputs: readonly string[] };
  /** Indexes of the instances it reads from, ascending, without repeats. */
  readonly dependsOn: readonly number[];
  /** `local` unless the workflow or the command line says otherwise. */
  readonly executor?: string;
  readonly slurm?: SlurmSettings;
}

export type Action =
  /** A bash script. Holes are filled with shell-quoted words when the paths are known. */
  | { readonly kind: 'run'; readonly script: readonly (string | Hole)[] }
  | { readonly kind: 'builtin'; readonly name: string }
  /** A user's own stage module, relative to the root; it is also an input named `@module`. */
  | { readonly kind: 'module'; readonly path: string };

/** One `${{ }}` in a script: the words it stands for, each quoted on its own. */
export interface Hole {
  readonly words: readonly Text[];
}

/** A string, or pieces of one, some of which are paths that only the run knows. */
export type Text = string | { readonly $text: readonly (string | PathPiece)[] };

export type PathPiece =
  /** Path of an input; `item` picks one source of a list. */
  | { readonly input: string; readonly item: number }
  /** Path of an output of this instance, while it is being made. */
  | { readonly output: string };

/** Json whose strings may be texts. */
export type Value = null | boolean | number | Text | readonly Value[] | { readonly [key: string]: Value };

export interface Input {
  readonly name: string;
  /** The stage sees a list of paths, even of one. */
  readonly list: boolean;
  /** How the content is digested: see design, "A stage". `any`: file or directory, as found. */
  readonly kind: 'any' | 'file' | 'directory' | 'config' | 'checkpoint';
  readonly sources: readonly Source[];
}

export type Source =
  /** A file or directory outside the store, relative to the root or absolute. */
  | { readonly kind: 'path'; readonly path: string }
  /** An output of another instance, or a path below it. */
  | { readonly kind: 'output'; readonly instance: number; readonly output: string; readonly path?: string }
  /** A value of `configs` or a subtree of one: written to a JSON file for the stage, digested as canonical JSON. */
  | { readonly kind: 'value'; readonly value: Json };

export interface Publication {
  /** Relative to the root, or a URL that a remote understands. */
  readonly destination: string;
  readonly source: { readonly instance: number; readonly output: string; readonly path?: string };
}

export function isText(value: Value): value is { readonly $text: readonly (string | PathPiece)[] } {
  return typeof value === 'object' && value !== null && '$text' in value;
}
