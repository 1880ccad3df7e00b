import type { RunEvent } from '../events.ts';
import { openAppendLog } from './append-log.ts';

type WithoutTime<E> = E extends unknown ? Omit<E, 'time'> : never;
export type NewEvent = WithoutTime<RunEvent>;

export interface EventLog {
  /** After `close`, nothing. */
  emit(event: NewEvent): void;
  /** Throws what keeps the last events from being written. */
  close(): void;
}

const flushEveryMs = 20;

/** Appends events to a file, a line each; lines of the same few milliseconds are written together. */
export function openEventLog(file: string, listener: (event: RunEvent) => void): EventLog {
  const log = openAppendLog(file);
  let held: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held.length === 0) return;
    const lines = held.join('');
    held = [];
    log.append(lines);
  };
  return {
    emit(event) {
      if (isClosed) return;
      const dated = { time: Date.now(), ...event } as RunEvent;
      held.push(`${JSON.stringify(dated)}\n`);
      timer ??= setTimeout(flush, flushEveryMs);
      listener(dated);
    },
    close() {
      isClosed = true;
      flush();
      log.close();
    },
  };
}
