import type { Command } from 'commander';
import type { Assessment } from '../../run/assess.ts';
import { assessDigested } from '../../run/assess-digested.ts';
import { expectedScratch } from '../../run/expected-scratch.ts';
import { type Standing, standings } from '../../run/standing.ts';
import { formatSize } from '../../workflow/units.ts';
import { builtinStages } from '../builtin-stages.ts';
import { type OpenWorkflow, openWorkflow } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { selectInstances } from '../select-instances.ts';
import { formatTable } from '../table.ts';
import { addWorkflowOptions, splitWords, type WorkflowOptions } from '../workflow-options.ts';

interface PlanOptions {
  readonly force?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  addWorkflowOptions(command)
    .usage('[options] [workflow] [stage...]')
    .argument('[words...]', 'as for `kumiki run`')
    .option('-f, --force', 'as if results were not there')
    .option('--json', 'print the instances by stage as JSON')
    .action(async (words: readonly string[], options: WorkflowOptions & PlanOptions) => {
      const { workflow: file, stages } = splitWords(words, options);
      await using workflow = await openWorkflow({ ...options, ...(file !== undefined && { workflow: file }) });
      process.exitCode = await printPlan(workflow, await selectInstances(workflow.plan, stages), options);
    });
}

/** Prints what a run would do; resolves to the exit code: 1 if some of it cannot be done. */
export async function printPlan(
  { plan, store, sources }: OpenWorkflow,
  selection: ReadonlySet<number> | undefined,
  { force = false, json }: PlanOptions,
): Promise<number> {
  const forced = force ? (selection ?? new Set(plan.instances.keys())) : new Set<number>();
  const assessments = await assessDigested(plan, { store, sources, force: forced, ...(selection && { selection }) });
  const stages = standings(plan, assessments);
  const scratch = await scratchByStage({ plan, store, sources }, assessments);
  const withScratch = stages.map((stage) => ({ ...stage, scratchBytes: scratch.get(stage.stage) }));
  if (json) printJson({ name: plan.name, workflow: plan.file, stages: withScratch });
  else print(describe(withScratch));
  return stages.some(({ impossible }) => impossible.length > 0) ? 1 : 0;
}

/** What the largest of a stage's stale instances will take of temporary files, in bytes. */
async function scratchByStage(
  { plan, store, sources }: Pick<OpenWorkflow, 'plan' | 'store' | 'sources'>,
  assessments: readonly (Assessment | undefined)[],
): Promise<ReadonlyMap<string, number>> {
  const resultOf = (index: number) => {
    const assessment = assessments[index];
    return assessment?.kind === 'current' ? assessment.result : undefined;
  };
  const largest = new Map<string, number>();
  for (const instance of plan.instances) {
    if (assessments[instance.index]?.kind !== 'stale') continue;
    const bytes = await expectedScratch(instance, { plan, store, sources, resultOf }, builtinStages);
    if (bytes !== undefined) largest.set(instance.stage, Math.max(bytes, largest.get(instance.stage) ?? 0));
  }
  return largest;
}

type Planned = Standing & { readonly scratchBytes: number | undefined };

function describe(stages: readonly Planned[]): string {
  const busy = stages.filter(({ stale, waiting, impossible }) => stale.length + waiting.length + impossible.length > 0);
  const count = (which: 'current' | 'stale' | 'waiting') => stages.reduce((sum, stage) => sum + stage[which].length, 0);
  if (busy.length === 0) return `nothing would run: ${count('current')} of ${count('current')} are current`;
  const rows = busy.map(({ stage, current, stale, waiting, impossible, scratchBytes }) => {
    const total = current.length + stale.length + waiting.length + impossible.length;
    const words = [
      stale.length > 0 && `${stale.length} would run`,
      waiting.length > 0 && `${waiting.length} may run, which hangs on what comes before`,
      scratchBytes !== undefined && `temporary files up to about ${formatSize(scratchBytes)} each`,
      impossible.length > 0 && `cannot run: ${impossible[0]!.message}`,
    ];
    return [stage, total > 1 ? `${total - current.length} of ${total}` : '', words.filter(Boolean).join(', ')];
  });
  return `${formatTable(rows)}\n${count('stale')} would run, ${count('waiting')} may, ${count('current')} are current`;
}
