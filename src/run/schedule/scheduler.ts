import type { Plan } from '../../graph/plan.ts';
import type { Key } from '../../store/result.ts';
import type { StoredResult } from '../../store/store.ts';
import type { Assessment } from '../assess.ts';
import type { Failure } from '../events.ts';
import { createDispatcher, type Slot } from './dispatcher.ts';
import type { BuildOutcome, Finish, Stale } from './outcome.ts';
import { type Amounts, shareOf } from './pools.ts';

export interface SchedulerOptions {
  readonly plan: Plan;
  readonly needed: Uint8Array;
  /** State of each needed instance, asked once at the start. */
  readonly assessAll: () => readonly (Assessment | undefined)[];
  /** Results by instance; the scheduler writes them as they come. */
  readonly results: (StoredResult | undefined)[];
  /** Asked once, and only if anything is to be built. */
  readonly priorities: () => Float64Array;
  readonly sizes: Amounts;
  /** Attempts that may run at the same time. */
  readonly jobs: number;
  readonly failFast: boolean;
  /** State of one instance, once all that it reads from is there. */
  assess(index: number, rebuild: boolean): Assessment;
  digest(paths: readonly string[]): Promise<void>;
  build(index: number, stale: Stale, slot: Slot): Promise<BuildOutcome>;
  onCached(indexes: readonly number[]): void;
  onFinished(index: number, outcome: Finish): void;
}

export interface Scheduler {
  /** Starts, and resolves once nothing runs and nothing more can start. */
  run(): Promise<void>;
  /** Nothing new starts from now on. */
  stop(): void;
  /** Gives a failed instance, and what was skipped for it, another chance. */
  retry(index: number): void;
  /** Takes an instance out that has not started; false if it has. */
  cancel(index: number): boolean;
}

type Phase =
  | 'unneeded'
  | 'blocked'
  | 'digesting'
  | 'twin'
  | 'ready'
  | 'running'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'skipped';

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { plan, needed, results } = options;
  const phases: Phase[] = plan.instances.map((_, index) => (needed[index] ? 'blocked' : 'unneeded'));
  const readers = readersOf(plan, needed);
  const blockers = new Int32Array(plan.instances.length);
  /** Those whose first result its readers have heard of; a rebuild tells only who asked for it. */
  const announced = new Uint8Array(plan.instances.length);
  const rebuilds = new Map<number, number[]>();
  const builders = new Map<Key, { readonly index: number; readonly twins: number[] }>();
  /** To be considered next; a list, for a long chain of results that are there would be a deep recursion. */
  const free: number[] = [];
  let priorities: Float64Array | undefined;
  let cached: number[] = [];
  let active = 0;
  let stopped = false;
  let firstFailure: number | undefined;
  let resolveEnd: () => void = () => {};
  let rejectEnd: (error: unknown) => void = () => {};

  const dispatcher = createDispatcher({
    sizes: options.sizes,
    jobs: options.jobs,
    requestOf: (index) => shareOf(plan.instances[index]!),
    priorityOf,
  });

  function begin(): void {
    for (const [index, assessment] of options.assessAll().entries()) {
      if (!assessment) continue;
      if (assessment.kind === 'current') {
        results[index] = assessment.result;
        phases[index] = 'done';
        announced[index] = 1;
        cached.push(index);
      } else if (assessment.kind === 'stale' && assessment.reason === 'payload-removed') {
        rebuilds.set(index, []);
      }
    }
    for (const { index } of plan.instances) {
      if (phases[index] === 'blocked') blockers[index] = countBlockers(index);
    }
    for (const { index } of plan.instances) considerIfFree(index);
    proceed();
  }

  function countBlockers(index: number): number {
    const { frozen, dependsOn } = plan.instances[index]!;
    return frozen ? 0 : dependsOn.filter((on) => phases[on] !== 'done' && phases[on] !== 'unneeded').length;
  }

  function considerIfFree(index: number): void {
    if (phases[index] === 'blocked' && blockers[index] === 0) free.push(index);
  }

  /** Decides what to do with an instance whose dependencies are all there. */
  function consider(index: number): void {
    if (stopped) return;
    const assessment = options.assess(index, rebuilds.has(index));
    switch (assessment.kind) {
      case 'current':
        cached.push(index);
        settle(index, assessment.result);
        break;
      case 'undigested':
        phases[index] = 'digesting';
        track(
          options.digest(assessment.paths).then(
            () => consider(index),
            (error: Error) =>
              fail(index, { reason: 'cannot-start', message: `cannot read an input: ${error.message}` }),
          ),
        );
        break;
      case 'impossible':
        fail(index, { reason: 'cannot-start', message: assessment.message });
        break;
      case 'waiting':
        throw new Error(`${plan.instances[index]!.id} was considered before what it reads from`);
      case 'stale':
        prepare(index, assessment);
    }
  }

  /** Brings back removed payloads that a stale instance reads, shares the work of an equal one, or queues it. */
  function prepare(index: number, stale: Stale): void {
    const removed = plan.instances[index]!.dependsOn.filter((on) => results[on]?.payload === 'removed');
    if (removed.length > 0) {
      restoreFirst(index, removed);
      return;
    }
    const builder = builders.get(stale.key);
    if (builder) {
      phases[index] = 'twin';
      builder.twins.push(index);
      return;
    }
    builders.set(stale.key, { index, twins: [] });
    phases[index] = 'ready';
    dispatcher.enqueue(index, (slot) => start(index, stale, slot));
  }

  function restoreFirst(index: number, removed: readonly number[]): void {
    const frozen = removed.find((on) => plan.instances[on]!.frozen);
    if (frozen !== undefined) {
      const message = `needs the removed output of ${plan.instances[frozen]!.id}, which is frozen: take \`frozen\` away to rebuild it`;
      fail(index, { reason: 'cannot-start', message });
      return;
    }
    phases[index] = 'blocked';
    blockers[index] = removed.length;
    for (const on of removed) {
      const asked = rebuilds.get(on);
      if (asked) {
        asked.push(index);
        continue;
      }
      rebuilds.set(on, [index]);
      phases[on] = 'blocked';
      blockers[on] = 0;
      free.push(on);
    }
  }

  function priorityOf(index: number): number {
    priorities ??= options.priorities();
    return priorities[index]!;
  }

  function start(index: number, stale: Stale, slot: Slot): void {
    phases[index] = 'running';
    track(
      options.build(index, stale, slot).then((outcome) => {
        finish(index, outcome);
        releaseTwins(stale.key, outcome);
        slot.pause();
      }),
    );
  }

  /** Equal instances take the result of the one that built it, or build it themselves. */
  function releaseTwins(key: Key, outcome: Finish): void {
    const twins = builders.get(key)?.twins ?? [];
    builders.delete(key);
    for (const twin of twins) {
      if (phases[twin] !== 'twin') continue;
      if ('result' in outcome) {
        finish(twin, { state: 'shared', result: outcome.result });
      } else {
        phases[twin] = 'blocked';
        free.push(twin);
      }
    }
  }

  /** Counts work in progress; the run ends when there is none. */
  function track(work: Promise<void>): void {
    active++;
    work
      .then(() => {
        active--;
        proceed();
      })
      .catch((error) => rejectEnd(error));
  }

  function proceed(): void {
    for (const next of free) if (phases[next] === 'blocked') consider(next);
    free.length = 0;
    dispatcher.dispatch();
    if (cached.length > 0) options.onCached(cached);
    cached = [];
    if (active === 0) resolveEnd();
  }

  function settle(index: number, result: StoredResult): void {
    results[index] = result;
    phases[index] = 'done';
    const askers = rebuilds.get(index) ?? [];
    rebuilds.delete(index);
    const told = announced[index] ? askers : [...askers, ...readers[index]!];
    announced[index] = 1;
    for (const reader of told) {
      if (phases[reader] !== 'blocked') continue;
      blockers[reader]!--;
      considerIfFree(reader);
    }
  }

  function finish(index: number, outcome: Exclude<Finish, { state: 'skipped' }>): void {
    options.onFinished(index, outcome);
    if ('result' in outcome) {
      settle(index, outcome.result);
      return;
    }
    phases[index] = outcome.state;
    if (outcome.state === 'failed') {
      firstFailure ??= index;
      if (options.failFast) stop();
    }
    skipReaders(index);
  }

  function fail(index: number, failure: Failure): void {
    finish(index, { state: 'failed', failure });
  }

  function skipReaders(failed: number): void {
    const lost = [failed];
    for (const index of lost) {
      const askers = rebuilds.get(index) ?? [];
      rebuilds.delete(index);
      for (const reader of [...readers[index]!, ...askers]) {
        if (phases[reader] !== 'blocked') continue;
        phases[reader] = 'skipped';
        options.onFinished(reader, { state: 'skipped', because: failed });
        lost.push(reader);
      }
    }
  }

  function stop(): void {
    stopped = true;
    dispatcher.stop();
  }

  /** What never started, once nothing runs any more. */
  function dropRest(): void {
    for (const [index, phase] of phases.entries()) {
      if (!['blocked', 'ready', 'twin', 'digesting'].includes(phase)) continue;
      const skipped = options.failFast && firstFailure !== undefined;
      phases[index] = skipped ? 'skipped' : 'cancelled';
      options.onFinished(index, skipped ? { state: 'skipped', because: firstFailure! } : { state: 'cancelled' });
    }
  }

  return {
    async run() {
      await new Promise<void>((resolve, reject) => {
        resolveEnd = resolve;
        rejectEnd = reject;
        begin();
      });
      dropRest();
    },
    stop,
    retry(index) {
      if (stopped || !['failed', 'cancelled'].includes(phases[index]!)) return;
      phases[index] = 'blocked';
      const revived = [index];
      for (const at of revived) {
        for (const reader of readers[at]!) {
          if (phases[reader] !== 'skipped') continue;
          phases[reader] = 'blocked';
          revived.push(reader);
        }
      }
      for (const at of revived) {
        const on = plan.instances[at]!.dependsOn;
        blockers[at] = countBlockers(at);
        const lost = on.find((each) => ['failed', 'cancelled', 'skipped'].includes(phases[each]!));
        if (lost !== undefined) phases[at] = 'skipped';
      }
      for (const at of revived) considerIfFree(at);
      proceed();
    },
    cancel(index) {
      if (!['blocked', 'ready', 'twin'].includes(phases[index]!)) return false;
      dispatcher.remove(index);
      const outcome: Finish = { state: 'cancelled' };
      finish(index, outcome);
      const key = [...builders].find(([, builder]) => builder.index === index)?.[0];
      if (key) releaseTwins(key, outcome);
      proceed();
      return true;
    },
  };
}

function readersOf(plan: Plan, needed: Uint8Array): readonly (readonly number[])[] {
  const readers: number[][] = plan.instances.map(() => []);
  for (const { index, dependsOn, frozen } of plan.instances) {
    if (!needed[index] || frozen) continue;
    for (const on of dependsOn) readers[on]!.push(index);
  }
  return readers;
}
