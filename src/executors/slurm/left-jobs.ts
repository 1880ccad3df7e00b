import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../run/events.ts';
import type { RunRecord } from '../../run/folder/list-runs.ts';
import { startFile } from './job/job-folder.ts';

/** How many jobs that a run submitted or took up have a folder still: nobody has taken their result. */
export function leftJobs(cache: string, run: RunRecord): number {
  const directory = join(cache, 'slurm');
  if (!existsSync(directory)) return 0;
  const told = toldKeys(run.directory);
  const standing = readdirSync(directory).flatMap((key) => {
    const task = statSync(join(directory, key, startFile), { throwIfNoEntry: false });
    return task ? [{ key, submitted: task.mtimeMs }] : [];
  });
  // An engine that died may not have come to tell of its last jobs.
  const untold = run.state === 'died' ? new Date(run.started).getTime() : Number.POSITIVE_INFINITY;
  return standing.filter(({ key, submitted }) => told.has(key) || submitted >= untold).length;
}

function toldKeys(runDirectory: string): ReadonlySet<string> {
  const file = join(runDirectory, 'events.jsonl');
  const keys = new Set<string>();
  if (!existsSync(file)) return keys;
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    if (!line.includes('"attempt-started"')) continue;
    const event = JSON.parse(line) as RunEvent;
    if (event.type === 'attempt-started' && event.executor === 'slurm') keys.add(event.key);
  }
  return keys;
}
