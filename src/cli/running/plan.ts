import { type Command, Option } from 'commander';
import { trainingDevices } from '../../../stages/rates.ts';
import { costByStage } from '../../estimate/by-stage.ts';
import { estimatePlan } from '../../estimate/estimate.ts';
import { rateLookup, readRates } from '../../estimate/rates.ts';
import type { Plan } from '../../graph/plan.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import type { AssessOptions } from '../../run/assess.ts';
import { assessDigested } from '../../run/assess-digested.ts';
import { adoptAll } from '../../run/remote/adopt-manifests.ts';
import { impossibleRequests, poolSizes } from '../../run/schedule/pools.ts';
import { standings } from '../../run/standing.ts';
import type { Settings } from '../../workflow/settings.ts';
import { builtinStages } from '../builtin-stages.ts';
import { openRemote } from '../open-remote.ts';
import { type OpenWorkflow, openWorkflow } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { selectInstances } from '../select-instances.ts';
import { addWorkflowOptions, splitWords, type WorkflowOptions } from '../workflow-options.ts';
import { describePlan } from './describe-plan.ts';

interface PlanOptions {
  readonly force?: boolean;
  readonly json?: boolean;
  readonly device?: string;
}

export function define(command: Command): void {
  addWorkflowOptions(command)
    .usage('[options] [workflow] [stage...]')
    .argument('[words...]', 'as for `kumiki run`')
    .option('-f, --force', 'as if results were not there')
    .addOption(new Option('--device <name>', "what trains, instead of this machine's own").choices(trainingDevices))
    .option(
      '--json',
      'print the instances and the cost by stage as JSON, in seconds, bytes and the currency of kumiki.yaml',
    )
    .addHelpText('after', '\n`kumiki doctor --measure` measures the rates that costs are reckoned with.')
    .action(async (words: readonly string[], options: WorkflowOptions & PlanOptions) => {
      const { workflow: file, stages } = splitWords(words, options);
      await using workflow = await openWorkflow({ ...options, ...(file !== undefined && { workflow: file }) });
      process.exitCode = await printPlan(workflow, await selectInstances(workflow.plan, stages), options);
    });
}

/** Prints what a run would do and cost; resolves to the exit code: 1 if some of it cannot be done. */
export async function printPlan(
  { plan, store, sources, settings }: OpenWorkflow,
  selection: ReadonlySet<number> | undefined,
  { force = false, json, device }: PlanOptions,
): Promise<number> {
  const forced = force ? (selection ?? new Set(plan.instances.keys())) : new Set<number>();
  if (settings.remote?.pull)
    await learnFromRemote(plan, { store, sources, force: forced, ...(selection && { selection }) }, settings);
  const assessments = await assessDigested(plan, { store, sources, force: forced, ...(selection && { selection }) });
  const { rate, used } = rateLookup(readRates(store.directory));
  const estimates = await estimatePlan(plan, assessments, { store, sources, stages: builtinStages, device, rate });
  const { prices } = settings;
  const pools = poolSizes(plan.limits);
  const { stages: costs, total } = costByStage(plan, estimates, {
    pools,
    ...(prices && { prices }),
    ...(settings.slurm && { slurm: settings.slurm }),
  });
  const toRun = Uint8Array.from(estimates, (estimate) => (estimate && estimate.kind !== 'done' ? 1 : 0));
  const excessive = impossibleRequests(plan, pools, toRun);
  const stages = standings(plan, assessments).map((standing) => ({ ...standing, cost: costs.get(standing.stage) }));
  const told = { stages, total, excessive, rates: used(), ...(prices && { prices }) };
  if (json) printJson({ name: plan.name, workflow: plan.file, ...told });
  else print(describePlan(told));
  return stages.some(({ impossible }) => impossible.length > 0) ? 1 : 0;
}

/** What the remote holds will not run. If it cannot be asked, the plan is made without it. */
async function learnFromRemote(plan: Plan, options: AssessOptions, settings: Settings): Promise<void> {
  const assessments = await assessDigested(plan, options);
  if (!assessments.some((assessment) => assessment?.kind === 'stale')) return;
  const tell = (message: string) => void process.stderr.write(`kumiki: ${message}\n`);
  try {
    await adoptAll(plan, options, await openRemote(plan.root, settings), tell);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    tell(`${error.message}; the plan is made without the remote`);
  }
}
