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

/** What an answer comes to, or a rejection as soon as the signal is aborted: the answer is waited for no more then. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  if (signal === undefined) return await answer;
  // One that fails after that is nobody's any more.
  answer.catch(() => {});
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    // A signal of its own: of many listeners to one Node warns as of a leak.
    const own = AbortSignal.any([signal]);
    const abort = () => reject(signal.reason as Error);
    own.addEventListener('abort', abort);
    void answer.then(resolve, reject).finally(() => own.removeEventListener('abort', abort));
  });
}

function attemptsFor({ code, message }: RequestFailure): number {
  return /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(`${code} ${message}`) ? attemptsToConnect : attempts;
}

function pauseAfter({ retryAfterMs }: RequestFailure, failed: number): number {
  const pause = retryAfterMs ?? firstPauseMs * 2 ** failed * (0.5 + Math.random());
  return Math.min(longestPauseMs, pause);
}
