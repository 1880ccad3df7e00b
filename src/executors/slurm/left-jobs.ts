import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../run/events.ts';

/** How many jobs that a run submitted or took up have a folder still: nobody has taken their result. */
export function leftJobs(cache: string, runDirectory: string): number {
  const file = join(runDirectory, 'events.jsonl');
  if (!existsSync(file)) return 0;
  const keys = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    if (!line.includes('"attempt-started"')) continue;
    const event = JSON.parse(line) as RunEvent;
    if (event.type === 'attempt-started' && event.executor === 'slurm') keys.add(event.key);
  }
  return [...keys].filter((key) => existsSync(join(cache, 'slurm', key, 'task'))).length;
}
