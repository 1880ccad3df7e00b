import { type Command, InvalidArgumentError, Option } from 'commander';
import { assessDigested } from '../../run/assess-digested.ts';
import { type OpenWorkflow, openWorkflow } from '../open-workflow.ts';
import { selectInstances } from '../select-instances.ts';
import { addWorkflowOptions, splitWords } from '../workflow-options.ts';
import { type RunRequest, runHere } from './run-here.ts';

const notes = `
Exit codes: 0 done, 1 a stage failed, 2 the request was wrong, 130 interrupted.
On a terminal the run is a process of its own: q leaves it running, \`kumiki watch\` comes back.`;

export function define(command: Command): void {
  addWorkflowOptions(command)
    .usage('[options] [workflow] [stage...]')
    .argument('[words...]', 'a workflow (by its file name), then stages: convert, train-*, data[shard=3], +corpus')
    .option('-n, --dry-run', 'say what would run, run nothing')
    .option('-f, --force', 'build what is asked for even though results are there')
    .option('--json', 'print the events of the run, a JSON object a line')
    .option('-j, --jobs <n>', 'run at most so many attempts at a time', positiveInteger)
    .option('--executor <name>', 'run every stage there, whatever the workflow says: local, slurm')
    .addOption(
      new Option(
        '--on-interrupt <what>',
        'on Ctrl-C, cancel the jobs on Slurm and delete TPU VMs (the default), or detach: they go on',
      ).choices(['cancel', 'detach']),
    )
    .addOption(
      new Option('--keep-going', 'after a failure, run what does not hang on it (the default)').conflicts('failFast'),
    )
    .option('--fail-fast', 'after a failure, start nothing new')
    .option('--name <name>', 'name the run: `cache gc` keeps the results of named runs')
    .option('--watch', 'stay, and run again whenever a source changes')
    .addOption(new Option('--detached').hideHelp())
    .addHelpText('after', notes)
    .action(async (words: readonly string[], options: RunRequest) => {
      process.exitCode = await run({ ...options, ...splitWords(words, options) });
      // A program of a cluster that does not answer would hold up a run that was interrupted twice.
      if (process.exitCode === 130) process.exit();
    });
}

async function run(request: RunRequest): Promise<number> {
  if (request.watch) {
    const { runOnChange } = await import('./run-on-change.ts');
    return await runOnChange(request);
  }
  await using workflow = await openWorkflow(request);
  const selection = await selectInstances(workflow.plan, request.stages);
  if (request.dryRun) {
    const { printPlan } = await import('./plan.ts');
    return await printPlan(workflow, selection, request);
  }
  if (isForScreen(request) && !(await isCurrent(workflow, selection, request))) {
    const { runDetached } = await import('./run-detached.ts');
    return await runDetached(workflow.store.directory);
  }
  return await runHere(workflow, selection, request);
}

function isForScreen({ detached, json }: RunRequest): boolean {
  return !detached && !json && process.stdin.isTTY && process.stdout.isTTY;
}

/** Nothing would run: that needs no screen, and no process of its own. */
async function isCurrent(
  { plan, store, sources }: OpenWorkflow,
  selection: ReadonlySet<number> | undefined,
  { force }: RunRequest,
): Promise<boolean> {
  if (force) return false;
  const assessments = await assessDigested(plan, { store, sources, ...(selection && { selection }) });
  return assessments.every((assessment) => assessment === undefined || assessment.kind === 'current');
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return Number(text);
}
