import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import type { Command } from 'commander';
import { listRuns, type RunRecord } from '../../run/folder/list-runs.ts';
import { nameRun } from '../../run/folder/name-run.ts';
import { formatDuration } from '../../ui/quantity.ts';
import { existingRun } from '../existing-run.ts';
import { print, printJson } from '../print.ts';
import { RequestError } from '../request-error.ts';
import { formatTable } from '../table.ts';
import { cacheHere } from '../workspace.ts';

export function define(command: Command): void {
  command.option('--json', 'print the runs as JSON').option('--named', 'only runs that have a name').action(list);
  command
    .command('name')
    .description('give a run a name: `cache gc` keeps what named runs made')
    .argument('<run>', 'id or name')
    .argument('[name]', 'left out: the run loses its name')
    .action((run: string, name: string | undefined) => nameRun(existingRun(cacheHere(), run).directory, name));
  command
    .command('remove')
    .description('forget runs and their logs; results stay in the store')
    .argument('<runs...>', 'ids or names')
    .action(remove);
}

function list({ json = false, named = false }: { json?: boolean; named?: boolean }): void {
  const runs = listRuns(cacheHere()).filter(({ name }) => !named || name !== undefined);
  if (json) printJson(runs);
  else print(formatTable(runs.map(row)));
}

function row({ id, name, state, started, workflow, finished }: RunRecord): string[] {
  const day = started.slice(0, 16).replace('T', ' ');
  const counts = Object.entries(finished?.counts ?? {}).filter(([, count]) => count > 0);
  return [
    id,
    name ?? '',
    state,
    day,
    finished ? formatDuration(finished.seconds) : '',
    relative('', workflow),
    counts.map(([what, count]) => `${count} ${what}`).join(', '),
  ];
}

function remove(words: readonly string[]): void {
  const runs = words.map((word) => existingRun(cacheHere(), word));
  const busy = runs.find(({ state }) => state === 'running');
  if (busy) throw new RequestError(`run ${busy.id} is running (pid ${busy.pid} on ${busy.host})`);
  for (const { directory } of runs) rmSync(directory, { recursive: true });
}
