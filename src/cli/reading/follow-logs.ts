import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptLog } from '../../run/folder/attempt-logs.ts';
import { followEvents } from '../../ui/index.ts';
import type { LogPrinter } from './log-printer.ts';

const pollMs = 200;
const chunkBytes = 1 << 16;

/** Prints the logs of a run as they grow, also of attempts that are still to start, until the run ends. */
export async function followLogs(
  runDirectory: string,
  isMeant: (log: AttemptLog) => boolean,
  printer: LogPrinter,
): Promise<void> {
  const growing: { readonly log: AttemptLog; position: number }[] = [];
  let isOver = false;
  const watching = noteAttempts(runDirectory, (log) => {
    if (isMeant(log)) growing.push({ log, position: 0 });
  }).finally(() => {
    isOver = true;
  });
  for (let last = false; ; last = isOver) {
    for (const one of growing) one.position = printNew(one.log, one.position, printer);
    if (last) break;
    await Promise.race([delay(pollMs), watching.catch(() => {})]);
  }
  await watching;
}

async function noteAttempts(runDirectory: string, note: (log: AttemptLog) => void): Promise<void> {
  for await (const events of followEvents(runDirectory)) {
    for (const event of events) if (event.type === 'attempt-started') note(event);
  }
}

/** Prints what was written since; returns how far it has come. */
function printNew(log: AttemptLog, from: number, printer: LogPrinter): number {
  const file = openSync(log.log, 'r');
  try {
    let position = from;
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes);
      const length = readSync(file, chunk, 0, chunkBytes, position);
      if (length === 0) return position;
      printer.print(log, chunk.subarray(0, length));
      position += length;
    }
  } finally {
    closeSync(file);
  }
}
