import { resolve } from 'node:path';
import type { Executor } from '../executors/executor.ts';
import type { Instance, Plan } from '../graph/plan.ts';
import type { GcsAccess } from '../stage/define.ts';
import type { OpenBucketByName } from '../store/fetched/object-sources.ts';
import type { Sources, Store, StoredResult } from '../store/store.ts';
import { inStore } from '../store/store-error.ts';
import { assess, assessInstance, neededInstances } from './assess.ts';
import { buildInstance } from './attempt/build.ts';
import type { RunContext, RunningAttempt } from './context.ts';
import { recordEndings } from './endings.ts';
import { commitOf } from './environment.ts';
import type { ControlRequest, RunEvent, RunFinished } from './events.ts';
import { openEventLog } from './folder/event-log.ts';
import { followControl } from './folder/follow-control.ts';
import { createRunFolder } from './folder/run-folder.ts';
import { publishAll } from './publish/publish-all.ts';
import { type RunRemote, shareResults } from './remote/shared-results.ts';
import { measuredSeconds, remainingPaths } from './schedule/critical-path.ts';
import { impossibleRequests, poolSizes } from './schedule/pools.ts';
import { createScheduler, type Scheduler } from './schedule/scheduler.ts';
import { runFacts, runStarted } from './started.ts';
import { trackTemporaries } from './temporaries.ts';
import { createWaits } from './waits.ts';

export interface RunOptions {
  readonly store: Store;
  readonly sources: Sources;
  /** By name; an instance that names none runs on `local`. */
  readonly executors: Readonly<Record<string, Executor>>;
  /** Absolute path of the module of a stage that is built in. */
  readonly stageModule: (name: string) => string;
  /** Instances that were asked for, with all that they need; all if left out. */
  readonly selection?: ReadonlySet<number>;
  /** Instances to build though a result is there. */
  readonly force?: ReadonlySet<number>;
  /** Attempts that may run at the same time; as the pools allow if left out. */
  readonly jobs?: number;
  readonly failFast?: boolean;
  readonly name?: string;
  /** Absolute path of the merged workflow as JSON, kept with the run for those who look at it later. */
  readonly mergedFile?: string;
  /** Of the command line, recorded with the run. */
  readonly arguments?: readonly string[];
  readonly listener?: (event: RunEvent) => void;
  /** Where results are shared with other machines. */
  readonly remote?: RunRemote;
  /** Opens a bucket to publish to, by its name. */
  readonly openBucket?: OpenBucketByName;
  /** How stages reach buckets. */
  readonly gcs?: GcsAccess;
}

export interface Run {
  readonly id: string;
  /** `cache/runs/RUN`. */
  readonly directory: string;
  readonly finished: Promise<RunFinished>;
  /**
   * First call: start nothing new, let running stages finish or write a checkpoint; jobs of a cluster are cancelled, or left to
   * themselves with `detach`. Second: stop now, and wait for nothing.
   */
  interrupt(detach?: boolean): void;
}

/** What was asked for can never be done; nothing has run. The message has a line for each reason. */
export class ImpossibleRun extends Error {
  override readonly name = 'ImpossibleRun';
}

/** Starts a run of a plan in this process. Throws `ImpossibleRun` if an instance asks for more than there is. */
export function startRun(plan: Plan, options: RunOptions): Run {
  const sizes = poolSizes(plan.limits);
  const needed = neededInstances(plan, options.selection);
  const impossible = impossibleRequests(plan, sizes, needed);
  if (impossible.length > 0) throw new ImpossibleRun(impossible.join('\n'));

  const folder = createRunFolder(options.store.directory, runFacts(plan, options));
  if (options.mergedFile !== undefined) folder.keepWorkflow(options.mergedFile);
  const events = openEventLog(folder.events, options.listener ?? (() => {}));
  const stopping = new AbortController();
  const waits = createWaits((waitsFor) => events.emit({ type: 'interrupted', level: 1, waitsFor }));
  const results: (StoredResult | undefined)[] = [];
  const running: RunContext['running'] = new Map();
  let interrupts = 0;
  let detaching = false;
  const interruptAttempt = (attempt: RunningAttempt) => {
    if (detaching && attempt.detach()) return;
    if (interrupts === 2) attempt.stop('now');
    else if (attempt.instance.resume) attempt.stop('gently');
    else if (attempt.isRemote) attempt.stop('now');
  };
  const base: RunContext = {
    view: { plan, store: options.store, sources: options.sources, resultOf: (index) => results[index] },
    folder,
    commit: commitOf(plan.root),
    events,
    executors: options.executors,
    moduleOf: (instance) => stageModule(instance, plan.root, options.stageModule),
    running,
    begun(attempt) {
      running.set(attempt.instance.index, attempt);
      if (interrupts > 0) interruptAttempt(attempt);
    },
    stopping: stopping.signal,
    waits,
    cancelled: new Set(),
    pauses: new Map(),
    ...(options.openBucket && { openBucket: options.openBucket }),
    ...(options.gcs && { gcs: options.gcs }),
  };
  const context: RunContext = options.remote ? { ...base, shared: shareResults(base, options.remote) } : base;
  events.emit(runStarted(plan, options, folder.id, sizes, needed));
  const endings = recordEndings(context);
  const temporaries = trackTemporaries(context, needed);

  const scheduler = createScheduler({
    plan,
    needed,
    results,
    sizes,
    assessAll: () => assess(plan, options),
    priorities: () => remainingPaths(plan, measuredSeconds(plan, options.store)),
    jobs: options.jobs ?? Number.POSITIVE_INFINITY,
    failFast: options.failFast ?? false,
    assess(index, rebuild) {
      const why = options.force?.has(index) ? 'forced' : rebuild ? 'payload-removed' : undefined;
      return assessInstance(plan.instances[index]!, context.view, why);
    },
    async digest(paths) {
      await Promise.all(paths.map((path) => waits.during(`the input ${path}`, options.sources.digest(path))));
    },
    build: (index, stale, slot) => buildInstance(context, plan.instances[index]!, stale, slot),
    onCached: (indexes) => endings.cached(indexes),
    onFinished(index, outcome) {
      endings.finished(index, outcome);
      if (options.failFast && outcome.state === 'failed') stopping.abort();
      if (outcome.state === 'built') context.shared?.send(index, outcome.result.key);
      if ('result' in outcome) temporaries.finished(index);
    },
  });
  const interrupt = (detach = false) => {
    if (interrupts === 2) return;
    interrupts++;
    detaching = detach;
    events.emit({ type: 'interrupted', level: interrupts === 1 ? 1 : 2 });
    stopping.abort();
    scheduler.stop();
    if (interrupts === 1) waits.tell();
    else waits.end();
    if (interrupts === 2) context.shared?.giveUp();
    for (const attempt of running.values()) interruptAttempt(attempt);
    if (interrupts === 2) for (const executor of Object.values(options.executors)) executor.abandon?.();
  };
  const control = followControl(folder.control, (request) => obey(request, context, scheduler, interrupt));
  const started = performance.now();

  const finish = async (): Promise<RunFinished> => {
    try {
      await context.shared?.prepare(options);
      await scheduler.run();
    } catch (error) {
      // The store gave way under us: nothing that still runs could be kept.
      for (const attempt of context.running.values()) attempt.stop('now');
      throw error;
    } finally {
      control.stop();
    }
    const published = await publishAll(context);
    if (context.shared) await waits.during('results on their way to the remote', context.shared.settle());
    await temporaries.removeRest();
    await options.store.flush();
    await options.sources.save();
    const outcome = interrupts > 0 ? 'interrupted' : published && endings.allWell() ? 'done' : 'failed';
    const finished: RunFinished = {
      type: 'run-finished',
      outcome,
      exitCode: { done: 0, failed: 1, interrupted: 130 }[outcome],
      seconds: (performance.now() - started) / 1000,
      counts: endings.counts,
    };
    events.emit(finished);
    return finished;
  };
  const closeFiles = () => {
    waits.end();
    try {
      inStore(options.store.directory, events.close);
    } finally {
      folder.close();
    }
  };
  return { id: folder.id, directory: folder.directory, finished: finish().finally(closeFiles), interrupt };
}

function stageModule({ action }: Instance, root: string, builtin: (name: string) => string): string {
  switch (action.kind) {
    case 'builtin':
      return builtin(action.name);
    case 'module':
      return resolve(root, action.path);
    case 'run':
      throw new Error('a shell stage has no module');
  }
}

/** Does what a screen asked for, see `ControlRequest`. */
function obey(
  request: ControlRequest,
  context: RunContext,
  scheduler: Scheduler,
  interrupt: (detach?: boolean) => void,
): void {
  if (request.type === 'interrupt') {
    interrupt(request.detach);
    return;
  }
  const index = context.view.plan.instances.findIndex(({ id }) => id === request.instance);
  if (index < 0) return;
  if (request.type === 'retry') {
    context.cancelled.delete(index);
    scheduler.retry(index);
  } else if (!scheduler.cancel(index)) {
    context.running.get(index)?.stop(context.cancelled.has(index) ? 'now' : 'gently');
    context.cancelled.add(index);
    context.pauses.get(index)?.abort();
  }
}
