import { type Job, type JobEnd, type JobListener, wasStopped } from '../../executors/executor.ts';
import type { Instance, Json } from '../../graph/plan.ts';
import { type Held, leftBehind } from '../../stage/held.ts';
import type { Attempt, Claim, StoredResult } from '../../store/store.ts';
import type { RunContext, RunningAttempt } from '../context.ts';
import type { Failure, InstanceFinished, JsonObject } from '../events.ts';
import { consumedKeys, outsideFiles, recordInputs } from '../inputs.ts';
import type { Slot } from '../schedule/dispatcher.ts';
import type { Stale } from '../schedule/outcome.ts';
import { requestOf } from '../schedule/pools.ts';
import { formatBytes } from './format-bytes.ts';
import { describeJob, resumeIdentity } from './job.ts';

export type AttemptOutcome =
  | { readonly ok: true; readonly result: StoredResult; readonly irreproducible?: InstanceFinished['irreproducible'] }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Runs an instance once under a claim: starts its job, checks that its inputs are still what its key says, and gives the outputs to the
 * store. `retryInMs` is asked after a failure, for the event that reports it.
 */
export async function runAttempt(
  context: RunContext,
  instance: Instance,
  stale: Stale,
  claim: Claim,
  slot: Slot,
  retryInMs: (failure: Failure) => number | undefined,
): Promise<AttemptOutcome> {
  const attempt = await claim.begin({
    outputs: instance.outputs,
    ...(instance.resume && { resume: resumeIdentity(instance.resume, stale.inputs) }),
  });
  const started = new Date();
  const outside = outsideFiles(instance, context.view);
  const metrics: Record<string, number> = {};
  const waits = new AbortController();
  context.pauses.set(instance.index, waits);
  const stopping = () => AbortSignal.any([context.stopping, waits.signal]);
  const executor = context.executors[instance.executor ?? 'local'];
  const job = describeJob(context, instance, stale.key, attempt, stopping, executor);
  const end = await runJob(context, job, attempt, metrics);
  // The next one may start while this one's result is stored; not after a failure, which may stop the run.
  if (!end.failure) slot.pause();
  const failure = end.failure ?? (await changedInput(context, instance, outside));
  const recipe = JSON.parse(instance.recipe) as Json;
  const outcome = failure
    ? ({ ok: false, failure } as const)
    : await attempt.commit({
        instance: instance.id,
        recipe,
        inputs: recordInputs(instance, stale.inputs, context.view),
        promised: instance.promised,
        how: howParams(instance, recipe),
        run: context.folder.id,
        ...(context.commit !== undefined && { commit: context.commit }),
        started: started.toISOString(),
        seconds: end.seconds,
        ...(end.cpuSeconds !== undefined && { cpuSeconds: end.cpuSeconds }),
        ...(end.peakMemory !== undefined && { peakMemory: end.peakMemory }),
        resources: requestOf(instance),
        exit: 0,
        metrics,
        log: job.log,
      });
  if (!outcome.ok) await attempt.abandon();
  report(context, instance, attempt, end, outcome.ok ? undefined : outcome.failure, retryInMs);
  return outcome;
}

async function runJob(
  context: RunContext,
  job: Job,
  attempt: Attempt,
  metrics: Record<string, number>,
): Promise<JobEnd> {
  const { instance } = job;
  const executor = context.executors[instance.executor ?? 'local'];
  if (!executor) return { seconds: 0, failure: cannotStart(`there is no executor named ${instance.executor}`) };
  let held: Held | undefined;
  const listener: JobListener = {
    progress: (done, total, unit) =>
      context.events.emit({
        type: 'progress',
        instance: instance.id,
        done,
        unit,
        ...(total !== undefined && { total }),
      }),
    metric(name, value, step) {
      metrics[name] = value;
      context.events.emit({ type: 'metric', instance: instance.id, name, value, ...(step !== undefined && { step }) });
    },
    warning: (message) => context.events.emit({ type: 'warning', instance: instance.id, message }),
    holds(now) {
      held = now;
      context.events.emit({ type: 'holds', instance: instance.id, ...(now && { held: now }) });
    },
    conclusion: (text) => context.events.emit({ type: 'conclusion', instance: instance.id, text }),
  };
  let stopped = false;
  try {
    const running = await executor.start(job, listener);
    if (running.pid !== undefined) attempt.noteProcessGroup(running.pid);
    const begun: RunningAttempt = {
      instance,
      isRemote: running.detach !== undefined,
      stop(how) {
        stopped = true;
        running.stop(how);
      },
      detach() {
        if (running.detach) running.detach();
        else if (held?.goesOn) begun.stop('now');
        else return false;
        return true;
      },
    };
    context.events.emit({
      type: 'attempt-started',
      instance: instance.id,
      key: job.key,
      attempt: attempt.number,
      ...(running.pid !== undefined && { pid: running.pid }),
      log: job.log,
      executor: executor.name,
      resources: requestOf(instance),
      ...(attempt.resumed && { resumed: true as const }),
    });
    context.begun(begun);
    const end = await running.end;
    if (held) context.events.emit({ type: 'warning', instance: instance.id, message: leftBehind(held) });
    return stopped && end.failure ? { ...end, failure: wasStopped } : end;
  } catch (error) {
    return { seconds: 0, failure: job.stopping().aborted ? wasStopped : cannotStart((error as Error).message) };
  } finally {
    context.running.delete(instance.index);
    context.pauses.delete(instance.index);
  }
}

function cannotStart(why: string): Failure {
  return { reason: 'cannot-start', message: `could not be started: ${why}` };
}

/** The failure of an attempt that read something else than its key says, if it did. */
async function changedInput(
  context: RunContext,
  instance: Instance,
  outside: ReturnType<typeof outsideFiles>,
): Promise<Failure | undefined> {
  const { sources, store } = context.view;
  for (const { path, digest } of outside) {
    if (digest && (await sources.unchanged(path, digest))) continue;
    return {
      reason: 'input-changed',
      message: `its input ${path} changed while it ran, so the result is not kept: run again; if the stage itself writes there, let it write to an output`,
    };
  }
  const changed = store.tampered(consumedKeys(instance, context.view))[0];
  if (changed === undefined) return undefined;
  return {
    reason: 'store-changed',
    message: `a file of the store that it reads was changed (${changed}): stages must write only to their outputs; kumiki cache verify repairs the store`,
  };
}

/** Parameters that are recorded but not part of the key: those that the recipe leaves out. */
function howParams(instance: Instance, recipe: Json): Readonly<Record<string, Json>> {
  const decisive = isObject(recipe) && isObject(recipe.with) ? recipe.with : {};
  const names = Object.keys(instance.with).filter((name) => !Object.hasOwn(decisive, name));
  return Object.fromEntries(names.map((name) => [name, instance.with[name] as Json]));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function report(
  context: RunContext,
  instance: Instance,
  attempt: Attempt,
  end: JobEnd,
  failure: Failure | undefined,
  retryInMs: (failure: Failure) => number | undefined,
): void {
  const delay = failure && retryInMs(failure);
  const asked = instance.resources.memory;
  if (asked !== undefined && end.peakMemory !== undefined && end.peakMemory > asked) {
    context.events.emit({
      type: 'warning',
      instance: instance.id,
      message: `used ${formatBytes(end.peakMemory)} of memory but asks for ${formatBytes(asked)}: raise resources.memory`,
    });
  }
  context.events.emit({
    type: 'attempt-finished',
    instance: instance.id,
    attempt: attempt.number,
    outcome: failure ? (failure.reason === 'cancelled' ? 'cancelled' : 'failed') : 'succeeded',
    seconds: end.seconds,
    ...(failure && { failure }),
    ...(end.cpuSeconds !== undefined && { cpuSeconds: end.cpuSeconds }),
    ...(end.peakMemory !== undefined && { peakMemory: end.peakMemory }),
    ...(delay !== undefined && { retryInMs: delay }),
  });
}
