import type { Command } from 'commander';
import { listRuns, type RunRecord } from '../../run/folder/list-runs.ts';
import { existingRun } from '../existing-run.ts';
import { RequestError } from '../request-error.ts';
import { cacheHere } from '../workspace.ts';
import { watchRun } from './watch-run.ts';

export function define(command: Command): void {
  command
    .argument('[run]', 'id or name; else the newest that is running, else the newest')
    .option('--json', 'print the events of the run')
    .action(async (word: string | undefined, options: { json?: boolean }) => {
      process.exitCode = await comeBack(chosenRun(word), options);
    });
}

/** A run whose engine is gone while something of it goes on elsewhere goes on too: the same request again finds that. */
async function comeBack(run: RunRecord, options: { json?: boolean }): Promise<number> {
  if (run.state === 'running' || run.state === 'done') return watchRun(run.directory, options);
  const { leftJobs } = await import('../../executors/slurm/left-jobs.ts');
  const { goingOn } = await import('../../run/folder/going-on.ts');
  const left = [...(leftJobs(cacheHere(), run) > 0 ? ['jobs on Slurm'] : []), ...goingOn(run.directory)];
  if (left.length === 0) return watchRun(run.directory, options);
  const { resumeRun } = await import('./resume-run.ts');
  return resumeRun(run, left.join(', '), options);
}

function chosenRun(word: string | undefined): RunRecord {
  if (word !== undefined) return existingRun(cacheHere(), word);
  const runs = listRuns(cacheHere());
  const run = runs.find(({ state }) => state === 'running') ?? runs[0];
  if (!run) throw new RequestError('nothing has run here yet: `kumiki run`');
  return run;
}
