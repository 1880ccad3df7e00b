import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../graph/plan.ts';
import type { Claim, StoredResult } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import type { RunContext } from '../context.ts';
import type { Failure } from '../events.ts';
import { consumedKeys } from '../inputs.ts';
import type { BuildOutcome, Slot, Stale } from '../schedule/scheduler.ts';
import { type AttemptOutcome, runAttempt } from './attempt.ts';

/** Builds one instance: claims its key, waits while another process builds it, and tries as often as it may. */
export async function buildInstance(
  context: RunContext,
  instance: Instance,
  stale: Stale,
  slot: Slot,
): Promise<BuildOutcome> {
  try {
    context.view.store.lease([...consumedKeys(instance, context.view), stale.key]);
    const claim = await claimKey(context, instance, stale, slot);
    if (!('begin' in claim)) return { state: 'shared', result: claim };
    try {
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

const interrupted: Failure = { reason: 'cancelled', message: 'the run was interrupted' };

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
    await delay(pause, undefined, { signal: context.stopping }).catch(() => {});
  }
}

/** What another try cannot mend is not tried again. */
function isWorthRetrying({ reason }: Failure): boolean {
  return !['cancelled', 'cannot-start', 'store-changed', 'undeclared-output', 'input-changed'].includes(reason);
}

/** An `always` stage is expected to give other bytes from time to time. */
function built(instance: Instance, { result, irreproducible }: AttemptOutcome & { ok: true }): BuildOutcome {
  return { state: 'built', result, ...(irreproducible && !instance.always && { irreproducible }) };
}
