/** How long until something is done, as far as its pace tells. */
import type { GroupState, InstanceState } from './run-state.ts';

/** Of a running instance that reports a total. */
export function secondsLeft({ status, progress }: InstanceState, now: number): number | undefined {
  if (status !== 'running' || progress?.total === undefined || !progress.rate) return undefined;
  const since = (now - progress.time) / 1000;
  return Math.max(0, (progress.total - progress.done) / progress.rate - since);
}

/** Of a stage: what this run did of it so far, and how long that took. Says nothing before a hundredth is done. */
export function groupSecondsLeft(group: GroupState, now: number): number | undefined {
  const { instances, done, worked, startedAt } = group;
  const only = instances.length === 1 ? instances[0] : undefined;
  if (only?.progress) return secondsLeft(only, now);
  if (startedAt === undefined || worked < 0.01 * instances.length || group.counts.running === 0) return undefined;
  return ((instances.length - done) * (now - startedAt)) / 1000 / worked;
}
