import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing, type RequestFailure, requestFailure } from './remote-error.ts';

const attempts = 7;
const firstPauseMs = 250;
/** However long a server asks to be left alone, a person at a terminal waits no longer. */
const longestPauseMs = 60_000;
/** Where nobody listens, nobody will in a minute. */
const attemptsToConnect = 3;

/**
 * Tries until it goes well or asking again is no use; waits as long as `Retry-After` says, else longer each time, with jitter, so that
 * many that failed together do not come back together. Rejects with the last error.
 */
export async function withRetries<T>(
  signal: AbortSignal | undefined,
  attempt: (failed: number) => Promise<T>,
): Promise<T> {
  for (let failed = 0; ; failed++) {
    signal?.throwIfAborted();
    try {
      return await attempt(failed);
    } catch (error) {
      const failure = requestFailure(error);
      if (signal?.aborted || !isPassing(failure) || failed + 1 >= attemptsFor(failure)) throw error;
      await sleep(pauseAfter(failure, failed), undefined, { signal });
    }
  }
}

function attemptsFor({ code, message }: RequestFailure): number {
  return /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(`${code} ${message}`) ? attemptsToConnect : attempts;
}

function pauseAfter({ retryAfterMs }: RequestFailure, failed: number): number {
  const pause = retryAfterMs ?? firstPauseMs * 2 ** failed * (0.5 + Math.random());
  return Math.min(longestPauseMs, pause);
}
