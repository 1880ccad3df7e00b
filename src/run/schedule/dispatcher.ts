import { type Amounts, createPools } from './pools.ts';
import { createReadyQueue } from './ready-queue.ts';

/** A share of the pools, held while an attempt runs. */
export interface Slot {
  /** Gives the share back, e.g. while the results are stored or another process is waited for. */
  pause(): void;
  /** Waits for its turn to have the share again; false when the run is being stopped. */
  resume(): Promise<boolean>;
}

export interface DispatcherOptions {
  readonly sizes: Amounts;
  /** Attempts that may run at the same time. */
  readonly jobs: number;
  requestOf(index: number): Amounts;
  /** The most urgent has the highest. */
  priorityOf(index: number): number;
}

export interface Dispatcher {
  /** Calls `start` with its share of the pools, when its turn has come and `dispatch` is called. */
  enqueue(index: number, start: (slot: Slot) => void): void;
  /** Takes one out that waits. */
  remove(index: number): void;
  /** Starts all that may start now. */
  dispatch(): void;
  /** Nothing starts any more; those that wait for a share again are told so. */
  stop(): void;
}

/** Gives shares of the pools to those that wait, the most urgent first. */
export function createDispatcher({ sizes, jobs, requestOf, priorityOf }: DispatcherOptions): Dispatcher {
  const pools = createPools(sizes);
  const ready = createReadyQueue();
  const resumptions = new Map<number, (granted: boolean) => void>();
  let running = 0;
  let stopped = false;

  function push(index: number, start: () => void): void {
    ready.push({ index, priority: priorityOf(index), request: requestOf(index), start });
  }

  /** Takes a share of the pools; it was seen to fit. */
  function hold(index: number): Slot {
    const request = requestOf(index);
    let held = false;
    const take = () => {
      pools.take(request);
      running++;
      held = true;
    };
    take();
    return {
      pause() {
        if (!held) return;
        held = false;
        pools.give(request);
        running--;
        dispatch();
      },
      resume() {
        if (held) return Promise.resolve(true);
        if (stopped) return Promise.resolve(false);
        return new Promise((resolve) => {
          resumptions.set(index, resolve);
          push(index, () => {
            resumptions.delete(index);
            take();
            resolve(true);
          });
          dispatch();
        });
      },
    };
  }

  function dispatch(): void {
    while (!stopped && running < jobs) {
      const next = ready.pop(pools);
      if (!next) return;
      next.start();
    }
  }

  return {
    enqueue: (index, start) => push(index, () => start(hold(index))),
    remove: (index) => void ready.remove(index),
    dispatch,
    stop() {
      stopped = true;
      ready.clear();
      for (const resolve of resumptions.values()) resolve(false);
      resumptions.clear();
    },
  };
}
