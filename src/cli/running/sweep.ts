import type { Command } from 'commander';
import { shellQuote } from '../../shell-quote.ts';
import type { Diagnostic } from '../../workflow/diagnostic.ts';
import { type GridPoint, readGrid } from '../../workflow/grid.ts';
import { openWorkflow } from '../open-workflow.ts';
import { print } from '../print.ts';
import { printDiagnostics } from '../print-diagnostics.ts';
import { RequestError } from '../request-error.ts';
import { selectInstances } from '../select-instances.ts';
import { addWorkflowOptions, splitWords, type WorkflowOptions } from '../workflow-options.ts';
import { runHere } from './run-here.ts';

interface SweepOptions extends WorkflowOptions {
  readonly name?: string;
  readonly failFast?: true;
}

const notes = `
A value of --set that has commas is an axis: --set params.rate=1e-4,5e-5 --set params.seed=1,2 makes four runs, one
after another, which share all results that they can. Each is named after its values; a sweep that was stopped goes on
where it was when it is given again.`;

export function define(command: Command): void {
  addWorkflowOptions(command)
    .usage('[options] [workflow] [stage...]')
    .argument('[words...]', 'a workflow, then stages, as for `kumiki run`')
    .option('--name <name>', 'what the names of the runs begin with; that of the workflow unless given')
    .option('--fail-fast', 'after a run that failed, start no other')
    .addHelpText('after', notes)
    .action(async (words: readonly string[], options: SweepOptions) => {
      process.exitCode = await sweep({ ...options, ...splitWords(words, options) });
    });
}

async function sweep(request: SweepOptions & { readonly stages: readonly string[] }): Promise<number> {
  const points = await gridOf(request.set ?? []);
  const names: string[] = [];
  let worst = 0;
  for (const [i, { settings, name }] of points.entries()) {
    print(`\n${name} (${i + 1} of ${points.length})`);
    await using workflow = await openWorkflow({ ...request, set: settings });
    const runName = `${request.name ?? workflow.plan.name}:${name}`;
    const selection = await selectInstances(workflow.plan, request.stages);
    const exit = await runHere(workflow, selection, { ...request, set: settings, name: runName });
    names.push(runName);
    worst = Math.max(worst, exit);
    if (exit === 130 || (exit !== 0 && request.failFast)) break;
  }
  print(`\n${names.length} of ${points.length} runs; side by side: kumiki compare ${names.map(shellQuote).join(' ')}`);
  return worst;
}

async function gridOf(settings: readonly string[]): Promise<readonly GridPoint[]> {
  const diagnostics: Diagnostic[] = [];
  const points = readGrid(settings, (diagnostic) => diagnostics.push(diagnostic));
  await printDiagnostics(diagnostics);
  if (!points) throw new RequestError('the sweep could not be read: nothing was run');
  if (points.length < 2) throw new RequestError('a sweep needs a value with several choices: --set params.seed=1,2,3');
  return points;
}
