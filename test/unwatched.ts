import type { Stage } from '../src/stage/define.ts';

type Listeners = Pick<
  Parameters<Stage['run']>[0],
  'signal' | 'progress' | 'metric' | 'log' | 'warn' | 'conclude' | 'holds'
>;

/** What a stage's work reports to, where nobody listens and nobody stops it. */
export function unwatched(): Listeners {
  const nothing = () => {};
  const signal = new AbortController().signal;
  return { signal, progress: nothing, metric: nothing, log: nothing, warn: nothing, conclude: nothing, holds: nothing };
}
