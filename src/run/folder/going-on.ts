import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../events.ts';

/** Names of what attempts of a run that has ended held at their end, and that goes on without them. */
export function goingOn(runDirectory: string): readonly string[] {
  const file = join(runDirectory, 'events.jsonl');
  if (!existsSync(file)) return [];
  const held = new Map<string, string>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    if (!line.includes('"holds"')) continue;
    const event = JSON.parse(line) as RunEvent;
    if (event.type !== 'holds') continue;
    if (event.held?.goesOn) held.set(event.instance, event.held.what);
    else held.delete(event.instance);
  }
  return [...held.values()];
}
