import type { PartialFile } from './partial-file.ts';

export interface TransferOptions {
  readonly url: string;
  readonly partial: PartialFile;
  /** The whole file will be checked by its digest, so bytes may be joined to those of another server. */
  readonly isVerified: boolean;
  readonly size?: number;
  readonly idleMs: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number | undefined): void;
  log(message: string): void;
}

export type TransferEnd =
  | { readonly kind: 'complete' }
  /** Worth another try here. */
  | { readonly kind: 'interrupted'; readonly reason: string; readonly waitMs?: number }
  /** This server has nothing for us. */
  | { readonly kind: 'refused'; readonly reason: string };

const worthRetrying = new Set([408, 425, 429, 500, 502, 503, 504]);

/** One request for what is missing of a file; what arrives is kept, however it ends. Throws only if `signal` is aborted. */
export async function transfer(options: TransferOptions): Promise<TransferEnd> {
  const { url, partial, signal } = options;
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), options.idleMs);
  try {
    const headers = { 'accept-encoding': 'identity', ...rangeHeaders(options) };
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, idle.signal]) });
    const end = await accept(response, options);
    if (end) {
      await response.body?.cancel();
      return end;
    }
    const total = partial.origin?.size;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      await partial.append(chunk);
      options.progress(partial.length, total);
    }
    if (total === undefined || partial.length === total) return { kind: 'complete' };
    if (partial.length > total) {
      await partial.restart(undefined);
      return { kind: 'interrupted', reason: 'it sent more than it had announced' };
    }
    return { kind: 'interrupted', reason: `the connection ended after ${partial.length} of ${total} bytes` };
  } catch (error) {
    signal.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    const reason = idle.signal.aborted ? `nothing arrived for ${options.idleMs / 1000} s` : explain(error);
    return { kind: 'interrupted', reason };
  } finally {
    clearTimeout(timer);
  }
}

/** Asks for the rest, as long as the file is still the one that it is the rest of. */
function rangeHeaders({ url, partial, isVerified }: TransferOptions): Record<string, string> {
  const { length, origin } = partial;
  if (length === 0 || !origin) return {};
  const range = `bytes=${length}-`;
  if (origin.url === url && origin.validator) return { range, 'if-range': origin.validator };
  return isVerified ? { range } : {};
}

/** Prepares the partial file for the response's body; the end of the transfer where there is nothing to read. */
async function accept(response: Response, options: TransferOptions): Promise<TransferEnd | undefined> {
  const { url, partial, log } = options;
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') return { kind: 'refused', reason: `it sends the file encoded (${encoding})` };
  if (response.status === 206) return acceptRest(response, options);
  if (response.status === 416) {
    const isWhole = partial.length > 0 && partial.length === (partial.origin?.size ?? contentRange(response)?.total);
    if (isWhole) return { kind: 'complete' };
    await partial.restart(undefined);
    return { kind: 'interrupted', reason: 'it has fewer bytes than were fetched before' };
  }
  if (response.status !== 200) return statusEnd(response);
  const size = announcedSize(response);
  if (options.size !== undefined && size !== undefined && size !== options.size) {
    return { kind: 'refused', reason: `the file there has ${size} bytes, not ${options.size}` };
  }
  if (partial.length > 0) {
    const isOther = partial.origin?.url !== url || partial.origin.validator !== validatorOf(response);
    const why = isOther ? 'the file is not the one that was begun' : 'the server sends the whole file';
    log(`${url}: ${why}; ${partial.length} bytes are fetched again`);
  }
  await partial.restart({ url, validator: validatorOf(response), size: size ?? options.size });
  return undefined;
}

async function acceptRest(response: Response, options: TransferOptions): Promise<TransferEnd | undefined> {
  const { url, partial, isVerified, log } = options;
  const range = contentRange(response);
  const isSameFile =
    partial.origin?.url === url
      ? validatorOf(response) === undefined || validatorOf(response) === partial.origin.validator
      : isVerified;
  const isSameSize = range?.total === undefined || range.total === (partial.origin?.size ?? range.total);
  if (range?.start === partial.length && isSameFile && isSameSize) return undefined;
  log(`${url}: the server sends a part that was not asked for, or of another file; starting again`);
  await partial.restart(undefined);
  return { kind: 'interrupted', reason: 'the file changed while it was fetched', waitMs: 0 };
}

function statusEnd({ status, statusText, headers }: Response): TransferEnd {
  const reason = `it answers ${status} ${statusText}`.trim();
  if (!worthRetrying.has(status)) return { kind: 'refused', reason };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { kind: 'interrupted', reason, waitMs: Number.isFinite(seconds) ? seconds * 1000 : undefined };
}

/** Something that tells versions of a file apart. A weak ETag does not: it may stand for other bytes. */
function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  if (etag && !etag.startsWith('W/')) return etag;
  return headers.get('last-modified') ?? undefined;
}

function announcedSize({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length === null ? undefined : Number(length);
}

function contentRange({ headers }: Response): { start?: number; total?: number } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(?:(\d+)|\*)$/.exec(headers.get('content-range') ?? '');
  if (!match) return undefined;
  const [, start, total] = match;
  return { start: start ? Number(start) : undefined, total: total ? Number(total) : undefined };
}

/** `fetch` throws TypeError for whatever goes wrong on the way, with the cause; file errors have a syscall. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === 'AbortError');
}

function explain(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}
