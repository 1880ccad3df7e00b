import type { Executor } from '../../executors/executor.ts';
import { createLocalExecutor } from '../../executors/local/local.ts';
import type { Plan } from '../../graph/plan.ts';
import type { RunRemote } from '../../run/remote/shared-results.ts';
import { ImpossibleRun, type Run, type RunOptions, startRun } from '../../run/run.ts';
import { jsonReporter, plainReporter, type Reporter, wantsColour } from '../../ui/index.ts';
import type { RemoteSettings, Settings } from '../../workflow/settings.ts';
import { builtinStages } from '../builtin-stages.ts';
import { gcsAccess, openRemote } from '../open-remote.ts';
import type { OpenWorkflow } from '../open-workflow.ts';
import { RequestError } from '../request-error.ts';
import type { WorkflowOptions } from '../workflow-options.ts';

/** What `kumiki run` was asked for. */
export interface RunRequest extends WorkflowOptions {
  readonly stages: readonly string[];
  readonly dryRun?: true;
  readonly force?: true;
  readonly json?: true;
  readonly jobs?: number;
  readonly executor?: string;
  readonly failFast?: true;
  readonly name?: string;
  readonly watch?: true;
  /** What becomes of jobs on a cluster when the run is interrupted. */
  readonly onInterrupt?: 'cancel' | 'detach';
  /** This process is the engine of a run that a screen in another process shows. */
  readonly detached?: true;
}

/** Runs a workflow in this process; resolves to the exit code. Ctrl-C interrupts, a second one stops at once. */
export async function runHere(
  workflow: OpenWorkflow,
  selection: ReadonlySet<number> | undefined,
  request: RunRequest,
): Promise<number> {
  const plan = request.executor === undefined ? workflow.plan : moved(workflow.plan, request.executor);
  const executors = await executorsFor(plan, workflow.store.directory, workflow.settings);
  const reporter = reporterFor(request);
  const run = start(plan, {
    store: workflow.store,
    sources: workflow.sources,
    executors,
    stageModule: builtinStages.file,
    ...(selection && { selection }),
    ...(request.force && { force: selection ?? new Set(plan.instances.keys()) }),
    ...(request.jobs !== undefined && { jobs: request.jobs }),
    ...(request.failFast && { failFast: true }),
    ...(request.name !== undefined && { name: request.name }),
    mergedFile: workflow.mergedFile,
    openBucket: workflow.objects.open,
    gcs: gcsAccess(workflow.settings),
    arguments: process.argv.slice(2).filter((word) => word !== '--detached'),
    ...(reporter && { listener: reporter.report }),
    ...(workflow.settings.remote && { remote: remoteOf(plan, workflow.settings, workflow.settings.remote) }),
  });
  if (request.detached) tellParent(run);
  let interrupts = 0;
  const interrupt = () => {
    run.interrupt(request.onInterrupt === 'detach');
    if (++interrupts > 1) workflow.objects.giveUp();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return (await run.finished).exitCode;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    for (const executor of Object.values(executors)) await executor.close?.();
  }
}

function remoteOf({ root }: Plan, settings: Settings, { pull, push }: RemoteSettings): RunRemote {
  return { pull, push, open: () => openRemote(root, settings) };
}

/** Those that the plan names; only these are loaded. */
async function executorsFor(
  { instances }: Plan,
  cache: string,
  { slurm }: Settings,
): Promise<Readonly<Record<string, Executor>>> {
  const local = createLocalExecutor();
  if (!instances.some(({ executor }) => executor === 'slurm')) return { local };
  const { createSlurmExecutor } = await import('../../executors/slurm/slurm.ts');
  const { pollInterval, ...defaults } = slurm ?? {};
  const pollMs = pollInterval === undefined ? {} : { pollMs: pollInterval };
  return { local, slurm: createSlurmExecutor({ cache, defaults, ...pollMs }) };
}

const executorNames = ['local', 'slurm'];

function moved(plan: Plan, executor: string): Plan {
  if (!executorNames.includes(executor)) {
    throw new RequestError(`there is no executor ${executor}: there is ${executorNames.join(', ')}`);
  }
  return { ...plan, instances: plan.instances.map((instance) => ({ ...instance, executor })) };
}

function start(plan: Plan, options: RunOptions): Run {
  try {
    return startRun(plan, options);
  } catch (error) {
    if (error instanceof ImpossibleRun) throw new RequestError(error.message);
    throw error;
  }
}

function reporterFor({ detached, json }: RunRequest): Reporter | undefined {
  if (detached) return undefined;
  const { stdout, env } = process;
  return json ? jsonReporter(stdout) : plainReporter(stdout, { colour: wantsColour(stdout, env) });
}

/** The process that shows the run learns where it is, and is free to go. */
function tellParent({ directory }: Run): void {
  process.send?.(directory, () => process.disconnect());
}
