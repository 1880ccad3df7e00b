import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestFile } from './digest-file.ts';
import { FetchError } from './fetch-error.ts';
import { openPartialFile, type PartialFile } from './partial-file.ts';
import { type TransferEnd, transfer } from './transfer.ts';

export interface DownloadOptions {
  /** The same file in several places, tried in order. */
  readonly urls: readonly string[];
  readonly file: string;
  readonly sha256?: string;
  readonly size?: number;
  /** An existing directory on the file's disk: what an earlier process left there is gone on with. */
  readonly scratch: string;
  /** Tries without a new byte before a server is given up. */
  readonly attempts?: number;
  /** The first pause between tries; it doubles up to a minute. */
  readonly pauseMs?: number;
  /** A connection on which nothing arrives for so long is given up. */
  readonly idleMs?: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number | undefined): void;
  log(message: string): void;
}

export interface Downloaded {
  readonly sha256: string;
  readonly size: number;
}

const longestPauseMs = 60_000;

/** How often a file that was fetched in parts, and turns out wrong, is fetched again. */
const mixturesAllowed = 2;

/** Fetches a file over http(s), verified and put in place as a whole. Throws `FetchError`. */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { file, scratch } = options;
  for (const url of options.urls) requireHttp(url);
  const partial = await openPartialFile(scratch);
  const failures: string[] = [];
  try {
    for (const url of options.urls) {
      const result = await fetchFrom(url, partial, options);
      if (typeof result !== 'string') {
        await rename(partial.path, file);
        return result;
      }
      failures.push(`${url}: ${result}`);
      options.log(`${url}: ${result}`);
    }
  } finally {
    await partial.close();
  }
  const kept = partial.length > 0 ? ` ${partial.length} bytes are kept; a new run goes on from there.` : '';
  throw new FetchError(`not downloaded. ${failures.join('; ')}.${kept}`);
}

function requireHttp(url: string): void {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new FetchError(`${url} is not an http or https URL. Give a file on this machine as an input instead.`);
  }
}

/** The file's digest and size once it is whole, or why this server was given up. */
async function fetchFrom(url: string, partial: PartialFile, options: DownloadOptions): Promise<Downloaded | string> {
  const { sha256, size, signal, progress, log, attempts = 6, pauseMs = 1000, idleMs = 60_000 } = options;
  let fruitless = 0;
  let mixtures = 0;
  for (;;) {
    const before = partial.length;
    const end = await transfer({ url, partial, isVerified: sha256 !== undefined, size, idleMs, signal, progress, log });
    if (end.kind === 'refused') return end.reason;
    if (end.kind === 'complete') {
      const result = await verified(partial, options);
      if (typeof result !== 'string') return result;
      await partial.restart(undefined);
      if (before === 0 || ++mixtures > mixturesAllowed) return result;
      log(`${url}: ${result}; it was fetched in parts, so once more from the beginning`);
      continue;
    }
    fruitless = partial.length > before ? 0 : fruitless + 1;
    if (fruitless >= attempts) return `${end.reason} (${attempts} times)`;
    log(`${url}: ${end.reason}; trying again`);
    await sleep(pauseOf(end, fruitless, pauseMs), undefined, { signal });
  }
}

function pauseOf(end: TransferEnd & { kind: 'interrupted' }, fruitless: number, pauseMs: number): number {
  return Math.min(end.waitMs ?? pauseMs * 2 ** fruitless, longestPauseMs);
}

async function verified(partial: PartialFile, { sha256, size }: DownloadOptions): Promise<Downloaded | string> {
  if (size !== undefined && partial.length !== size) return `${partial.length} bytes arrived, not ${size}`;
  const digest = await digestFile(partial.path);
  if (sha256 !== undefined && digest !== sha256.toLowerCase()) return `its sha256 is ${digest}, not ${sha256}`;
  return { sha256: digest, size: partial.length };
}
