import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../graph/plan.ts';
import type { Key } from '../../store/result.ts';
import type { Claim, StoredResult } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import type { RunContext } from '../context.ts';
import type { Failure } from '../events.ts';
import { consumedKeys } from '../inputs.ts';
import type { Slot } from '../schedule/dispatcher.ts';
import type { BuildOutcome, Stale } from '../schedule/outcome.ts';
import { type AttemptOutcome, runAttempt } from './attempt.ts';

/** Builds one instance: claims its key, waits while another process builds it, and tries as often as it may. */
export async function buildInstance(
  context: RunContext,
  instance: Instance,
  stale: Stale,
  slot: Slot,
): Promise<BuildOutcome> {
  try {
    const { store } = context.view;
    const consumed = consumedKeys(instance, context.view);
    store.lease([...consumed, stale.key]);
    const lost = consumed.find((key) => store.find(key)?.payload !== 'present');
    if (lost !== undefined) return { state: 'failed', failure: removed(lost) };
    const claim = await claimKey(context, instance, stale, slot);
    if (!('begin' in claim)) return { state: 'shared', result: claim };
    try {
      const fetched = await fetchResult(context, instance, stale, claim, slot);
      if (fetched !== undefined) return fetched;
      return await tryRepeatedly(context, instance, stale, claim, slot);
    } finally {
      await claim.release();
    }
  } catch (error) {
    if (error instanceof StoreError) return { state: 'failed', failure: error.failure };
    if (context.stopping.aborted) return { state: 'cancelled', failure: interrupted };
    throw error;
  }
}

const cancelled: Failure = { reason: 'cancelled', message: 'was cancelled' };
const interrupted: Failure = { reason: 'cancelled', message: 'the run was interrupted' };

function removed(key: Key): Failure {
  return { reason: 'store-changed', message: `a result that it reads was removed meanwhile (${key}): run again` };
}

function claimKey(context: RunContext, instance: Instance, stale: Stale, slot: Slot): Promise<Claim | StoredResult> {
  return context.view.store.claim(stale.key, {
    signal: context.stopping,
    rebuild: stale.reason !== 'no-result',
    onWait(holder) {
      slot.pause();
      context.events.emit({ type: 'instance-waiting', instance: instance.id, key: stale.key, holder });
    },
  });
}

/** What another machine made is taken from the remote instead; meanwhile the cores are others'. */
async function fetchResult(
  { shared }: RunContext,
  { index }: Instance,
  { key, reason }: Stale,
  claim: Claim,
  slot: Slot,
): Promise<BuildOutcome | undefined> {
  if (shared === undefined || reason === 'forced' || reason === 'always') return undefined;
  slot.pause();
  const fetched = await shared.fetch(index, key, claim);
  return fetched && { state: 'shared', ...fetched };
}

async function tryRepeatedly(
  context: RunContext,
  instance: Instance,
  stale: Stale,
  claim: Claim,
  slot: Slot,
): Promise<BuildOutcome> {
  const { attempts, delayMs, backoff } = instance.retry;
  for (let tries = 1; ; tries++) {
    if (!(await slot.resume())) return { state: 'cancelled', failure: interrupted };
    if (context.cancelled.has(instance.index)) return { state: 'cancelled', failure: cancelled };
    const pause = delayMs * backoff ** (tries - 1);
    const retryInMs = (failure: Failure) =>
      tries < attempts &&
      isWorthRetrying(failure) &&
      !context.stopping.aborted &&
      !context.cancelled.has(instance.index)
        ? pause
        : undefined;
    const outcome = await runAttempt(context, instance, stale, claim, slot, retryInMs);
    if (outcome.ok) return built(instance, outcome);
    if (retryInMs(outcome.failure) === undefined) {
      return { state: outcome.failure.reason === 'cancelled' ? 'cancelled' : 'failed', failure: outcome.failure };
    }
    slot.pause();
    await waitForNext(context, instance.index, pause);
  }
}

/** Waits before the next attempt, unless the run is stopped or the instance cancelled meanwhile. */
async function waitForNext({ pauses, stopping }: RunContext, index: number, ms: number): Promise<void> {
  const cancel = new AbortController();
  pauses.set(index, cancel);
  await delay(ms, undefined, { signal: AbortSignal.any([stopping, cancel.signal]) }).catch(() => {});
  pauses.delete(index);
}

/** What another try cannot mend is not tried again. */
function isWorthRetrying({ reason }: Failure): boolean {
  return !['cancelled', 'cannot-start', 'store-changed', 'undeclared-output', 'input-changed'].includes(reason);
}

/** An `always` stage is expected to give other bytes from time to time. */
function built(instance: Instance, { result, irreproducible }: AttemptOutcome & { ok: true }): BuildOutcome {
  return { state: 'built', result, ...(irreproducible && !instance.always && { irreproducible }) };
}
