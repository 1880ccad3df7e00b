import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { instanceMatcher } from '../../graph/instance-pattern.ts';
import { type AttemptLog, attemptLogs } from '../../run/folder/attempt-logs.ts';
import { listRuns, type RunRecord } from '../../run/folder/list-runs.ts';
import { existingRun } from '../existing-run.ts';
import { RequestError } from '../request-error.ts';
import { cacheHere } from '../workspace.ts';
import { followLogs } from './follow-logs.ts';
import { logPrinter } from './log-printer.ts';

interface LogsOptions {
  readonly follow?: true;
  readonly run?: string;
  readonly all?: true;
}

export function define(command: Command): void {
  command
    .argument('<stage>', 'a stage or instance: data, data[shard=3], train-*')
    .option('-f, --follow', 'stay until the run ends, and wait for what has not started')
    .option('-r, --run <run>', 'of this run (id or name), not of the newest that ran the stage')
    .option('-a, --all', 'every attempt, not only the last of each instance')
    .action(showLogs);
}

async function showLogs(pattern: string, options: LogsOptions): Promise<void> {
  const matches = instanceMatcher(pattern);
  const isMeant = ({ instance }: AttemptLog) => matches(instance);
  const runs = options.run === undefined ? listRuns(cacheHere()) : [existingRun(cacheHere(), options.run)];
  const active = options.follow ? runs.find(({ state }) => state === 'running') : undefined;
  if (active) return followLogs(active.directory, isMeant, logPrinter(process.stdout));
  const logs = newestLogs(runs, isMeant);
  if (logs.length === 0) throw new RequestError(`no run that is still here ran ${pattern}: \`kumiki runs\` lists them`);
  const printer = logPrinter(process.stdout);
  for (const log of options.all ? logs : lastAttempts(logs)) printer.print(log, readFileSync(log.log));
}

/** Of the newest run that has any. */
function newestLogs(runs: readonly RunRecord[], isMeant: (log: AttemptLog) => boolean): readonly AttemptLog[] {
  for (const { directory } of runs) {
    const logs = attemptLogs(directory).filter(isMeant);
    if (logs.length > 0) return logs;
  }
  return [];
}

function lastAttempts(logs: readonly AttemptLog[]): readonly AttemptLog[] {
  return [...new Map(logs.map((log) => [log.instance, log])).values()];
}
