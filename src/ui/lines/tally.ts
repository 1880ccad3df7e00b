import type { RunEvent } from '../../run/events.ts';
import { emptyState, noCounts } from '../state/run-state.ts';
import type { FailedInstance, RunSummary } from './summary.ts';

/** What lines and the summary need to remember: far less than the state of every instance. */
export interface Tally {
  readonly summary: RunSummary;
  /** Instances in all; those that have ended, `cached` of them since their results were there; attempts that run. */
  readonly counts: Readonly<Record<'all' | 'ended' | 'cached' | 'running', number>>;
  add(event: RunEvent): void;
  /** Log of the newest attempt at an instance that has not ended well. */
  logOf(instance: string): string | undefined;
}

export function createTally(): Tally {
  const logs = new Map<string, string>();
  const failed = new Map<string, FailedInstance>();
  let summary: RunSummary = { ...emptyState, failed: [] };
  const counts = { all: 0, ended: 0, cached: 0, running: 0 };
  return {
    get summary() {
      return { ...summary, failed: [...failed.values()] };
    },
    counts,
    logOf: (instance) => logs.get(instance),
    add(event) {
      summary = { ...summary, time: event.time };
      switch (event.type) {
        case 'run-started':
          summary = { ...summary, started: event, startedAt: event.time };
          counts.all = event.groups.reduce((sum, group) => sum + group.instances.length, 0);
          break;
        case 'instances-cached':
          counts.cached += event.instances.length;
          counts.ended += event.instances.length;
          break;
        case 'attempt-started':
          counts.running++;
          logs.set(event.instance, event.log);
          break;
        case 'attempt-finished':
          // One that could not be started never ran.
          if (event.failure?.reason !== 'cannot-start') counts.running--;
          break;
        case 'instance-finished': {
          const { instance: id, state, failure } = event;
          const log = logs.get(id);
          counts.ended++;
          failed.delete(id);
          if (state === 'failed') failed.set(id, { id, ...(failure && { failure }), ...(log && { log }) });
          else logs.delete(id);
          break;
        }
        case 'conclusion':
          summary = { ...summary, conclusions: { ...summary.conclusions, [event.instance]: event.text } };
          break;
        case 'published':
          summary = { ...summary, published: [...summary.published, event.destination] };
          break;
        case 'run-finished': {
          const { outcome, exitCode } = event;
          summary = { ...summary, finished: { outcome, exitCode }, counts: { ...noCounts, ...event.counts } };
        }
      }
    },
  };
}
