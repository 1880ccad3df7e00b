import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import stage from '../../stages/pretraining-data.ts';

export interface Made {
  readonly records: string;
  readonly stats: Record<string, unknown>;
  readonly log: readonly string[];
  /** What is left in the scratch directory. */
  readonly scratch: readonly string[];
}

export interface DataInputs {
  readonly corpus: readonly string[];
  readonly vocab: string;
  readonly dictionary: string;
}

export interface Circumstances {
  readonly signal?: AbortSignal;
  /** Done before the stage starts, with its scratch directory and the path of its records. */
  prepare?(scratch: string, records: string): void;
}

/** Runs the stage `pretraining-data` in a new folder below `parent`. */
export async function makeData(
  parent: string,
  inputs: DataInputs,
  params: Readonly<Record<string, unknown>>,
  { signal = new AbortController().signal, prepare }: Circumstances = {},
): Promise<Made> {
  const folder = mkdtempSync(join(parent, 'made-'));
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  const outputs = { records: join(folder, 'records'), stats: join(folder, 'stats.json') };
  const log: string[] = [];
  prepare?.(scratch, outputs.records);
  await stage.run({
    params: stage.params.parse(params),
    inputs,
    outputs,
    scratch,
    resources: { cpu: 2 },
    gcs: {},
    signal,
    progress() {},
    metric() {},
    holds() {},
    log: (line) => log.push(line),
    conclude: (text) => log.push(text),
    warn: (line) => log.push(line),
  });
  const stats = JSON.parse(readFileSync(outputs.stats, 'utf8')) as Record<string, unknown>;
  return { records: outputs.records, stats, log, scratch: readdirSync(scratch) };
}

/** Of the records, decompressed if they are gzip. */
export function recordsDigest(path: string): string {
  const bytes = readFileSync(path);
  const raw = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  return createHash('sha256').update(raw).digest('hex');
}
