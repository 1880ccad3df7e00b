import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from './diagnostic.ts';

/** What `kumiki.yaml` in the workspace root says of the machine and the people around it; no key takes any of it. */
export interface Settings {
  /** Where results are shared. */
  readonly remote?: RemoteSettings;
  readonly slurm?: ClusterSettings;
  readonly prices?: Prices;
  readonly gcs?: {
    /** Of an emulator or a private endpoint. */
    readonly endpoint?: string;
    /** Project that pays for requests, where the readers of a bucket pay. */
    readonly billingProject?: string;
  };
}

/** How a stage's jobs are submitted to a Slurm cluster, besides its resources and timeout. */
export interface SlurmSettings {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly constraint?: string;
  /** Of a stage's jobs, in whatever arrays, at most so many run at a time. */
  readonly arrayLimit?: number;
  /** Further options of sbatch, each one word: `--exclusive`. */
  readonly flags?: readonly string[];
}

/** For stages on Slurm that do not say it themselves. */
export interface ClusterSettings extends SlurmSettings {
  /** Milliseconds between two looks at the queue. */
  readonly pollInterval?: number;
}

/** What machines cost that are not one's own. They differ by region and contract, so nothing is assumed. */
export interface Prices {
  /** As it stands behind an amount: USD, 円, points. */
  readonly currency: string;
  /** By accelerator type: an hour of the whole TPU. */
  readonly tpu?: Readonly<Record<string, TpuPrice>>;
  /** By partition of Slurm: an hour of one of each resource, of memory a GiB. */
  readonly slurm?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface TpuPrice {
  readonly onDemand?: number;
  readonly spot?: number;
}

export interface RemoteSettings {
  /** `gs://bucket/prefix`, `file:///path`, or a path that starts from the workspace root. */
  readonly url: string;
  /** Take results from there instead of making them. */
  readonly pull: boolean;
  /** Send there what was made. */
  readonly push: boolean;
  /** Requests that may be under way at a time. */
  readonly parallel?: number;
}

export type SettingsRead =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly file: string; readonly diagnostics: readonly Diagnostic[] };

/** Settings of a workspace. A file that sets nothing, which most are, costs no parsing. */
export async function readSettings(root: string): Promise<SettingsRead> {
  const file = join(root, 'kumiki.yaml');
  if (!existsSync(file) || readFileSync(file, 'utf8').split('\n').every(isBlank)) return { ok: true, settings: {} };
  const { parseSettings } = await import('./parse-settings.ts');
  return parseSettings(file);
}

function isBlank(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}
