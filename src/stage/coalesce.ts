import type { ChildMessage } from './messages.ts';

export interface Reports {
  progress(done: number, total: number | undefined, unit: string): void;
  metric(name: string, value: number, step?: number): void;
  /** Sends what is held back. */
  flush(): void;
}

/** Holds progress and metrics back so that at most one batch is sent per interval: the latest progress, the latest value of each metric. */
export function coalesce(send: (message: ChildMessage) => void, intervalMs: number): Reports {
  const held = new Map<string, ChildMessage>();
  let last = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    for (const message of held.values()) send(message);
    held.clear();
  };
  const hold = (name: string, message: ChildMessage) => {
    held.set(name, message);
    const wait = last + intervalMs - performance.now();
    // A stage that computes without a pause never lets a timer run, so the clock is looked at here too.
    if (wait <= 0) flush();
    else timer ??= setTimeout(flush, wait).unref();
  };
  return {
    progress: (done, total, unit) =>
      hold('progress', { type: 'progress', done, unit, ...(total !== undefined && { total }) }),
    metric: (name, value, step) =>
      hold(`metric ${name}`, { type: 'metric', name, value, ...(step !== undefined && { step }) }),
    flush,
  };
}
