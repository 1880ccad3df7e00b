/** Which logs a run has written, as its events tell. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptStarted, RunEvent } from '../events.ts';

export type AttemptLog = Pick<AttemptStarted, 'instance' | 'attempt' | 'log'>;

/** All attempts of a run so far, in the order in which they started. */
export function attemptLogs(runDirectory: string): readonly AttemptLog[] {
  const file = join(runDirectory, 'events.jsonl');
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return whole
    .filter((line) => line.includes('"attempt-started"'))
    .map((line) => JSON.parse(line) as RunEvent)
    .filter((event) => event.type === 'attempt-started');
}
