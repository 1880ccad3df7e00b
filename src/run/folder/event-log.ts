import { closeSync, openSync, writeSync } from 'node:fs';
import type { RunEvent } from '../events.ts';

type WithoutTime<E> = E extends unknown ? Omit<E, 'time'> : never;
export type NewEvent = WithoutTime<RunEvent>;

export interface EventLog {
  emit(event: NewEvent): void;
  close(): void;
}

const flushEveryMs = 20;

/** Appends events to a file, a line each; lines of the same few milliseconds are written together. */
export function openEventLog(file: string, listener: (event: RunEvent) => void): EventLog {
  const descriptor = openSync(file, 'a');
  let held: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held.length === 0) return;
    const bytes = Buffer.from(held.join(''));
    held = [];
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
  };
  return {
    emit(event) {
      const dated = { time: Date.now(), ...event } as RunEvent;
      held.push(`${JSON.stringify(dated)}\n`);
      timer ??= setTimeout(flush, flushEveryMs);
      listener(dated);
    },
    close() {
      flush();
      closeSync(descriptor);
    },
  };
}
