import { relative } from 'node:path';
import type { Command } from 'commander';
import { assessDigested } from '../../run/assess-digested.ts';
import { listRuns, type RunRecord } from '../../run/folder/list-runs.ts';
import { type Standing, standings } from '../../run/standing.ts';
import { emptyState, foldEvents, type GroupState, type RunState, readEvents } from '../../ui/index.ts';
import { openWorkflow } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { formatTable } from '../table.ts';
import { addWorkflowOptions, type WorkflowOptions } from '../workflow-options.ts';

export function define(command: Command): void {
  addWorkflowOptions(command).argument('[workflow]').option('--json', 'print it as JSON').action(showStatus);
}

interface Active {
  readonly run: RunRecord;
  readonly state: RunState;
}

async function showStatus(file: string | undefined, options: WorkflowOptions & { json?: true }): Promise<void> {
  await using workflow = await openWorkflow({ ...options, ...(file !== undefined && { workflow: file }) });
  const { plan, store, sources } = workflow;
  const stages = standings(plan, await assessDigested(plan, { store, sources }));
  const active = await activeRuns(store.directory, plan.file);
  if (options.json) {
    const runs = active.map(({ run, state }) => ({ run: run.id, pid: run.pid, host: run.host, counts: state.counts }));
    printJson({ name: plan.name, workflow: plan.file, stages, runs });
    return;
  }
  print(`${plan.name} · ${relative('', plan.file)}`);
  print(formatTable(stages.map((stage) => row(stage, active))));
  for (const { run } of active)
    print(`run ${run.id} is running (pid ${run.pid} on ${run.host}): \`kumiki watch ${run.id}\``);
}

/** Runs of this workflow that have not ended, with what they have done so far. */
async function activeRuns(cache: string, workflow: string): Promise<readonly Active[]> {
  const running = listRuns(cache).filter((run) => run.state === 'running' && run.workflow === workflow);
  return Promise.all(
    running.map(async (run) => {
      let state = emptyState;
      for await (const events of readEvents(run.directory)) state = foldEvents(state, events);
      return { run, state };
    }),
  );
}

function row(standing: Standing, active: readonly Active[]): string[] {
  const { stage, current, stale, waiting, impossible } = standing;
  const total = current.length + stale.length + waiting.length + impossible.length;
  const busy = active.flatMap(({ state }) => state.groups.filter((group) => group.stage === stage));
  const running = busy.reduce((sum, { counts }: GroupState) => sum + counts.running + counts.retrying, 0);
  const words = [
    running > 0 && `${running} running`,
    current.length > 0 && `${current.length} current`,
    stale.length > 0 && `${stale.length} stale`,
    waiting.length > 0 && `${waiting.length} waiting for others`,
    impossible.length > 0 && `cannot run: ${impossible[0]!.message}`,
  ];
  const mark = running > 0 ? '●' : impossible.length > 0 ? '✗' : current.length === total ? '✓' : '·';
  return [mark, total > 1 ? `${stage} ×${total}` : stage, total > 1 ? words.filter(Boolean).join(', ') : only(words)];
}

/** Of a single instance the word is enough. */
function only(words: readonly (string | false)[]): string {
  return words.find((word) => word !== false)?.replace(/^1 /, '') || '';
}
