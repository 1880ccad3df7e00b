import { join } from 'node:path';
import type { z } from 'zod';
import type { Instance, Plan } from '../graph/plan.ts';
import { type Assessment, assessedView } from '../run/assess.ts';
import { fillValue } from '../run/attempt/fill.ts';
import type { InputView } from '../run/inputs.ts';
import { requestOf } from '../run/schedule/pools.ts';
import type { StageCatalogue } from '../stage/catalogue.ts';
import type { Content, Cost, CostQuestion, Rate, Rental } from '../stage/cost.ts';
import type { Stage } from '../stage/define.ts';
import type { Sources, Store } from '../store/store.ts';
import { contentOf } from './contents.ts';
import { costThen, medianCosts } from './earlier-runs.ts';

/** What an instance would take, how that is known, and what it would rent. */
export type Estimate =
  /** Nothing: its result is there. */
  { readonly kind: 'done' } | (Expectation & { readonly rental?: Rental });

type Expectation =
  /** As it took before with the same inputs, as its stage says, or the median of the stage's earlier results. */
  | { readonly kind: 'before' | 'stage' | 'median'; readonly cost: Cost }
  /** Nobody can tell. */
  | { readonly kind: 'unknown' };

export interface EstimateOptions {
  readonly store: Store;
  readonly sources: Sources;
  readonly stages: StageCatalogue;
  /** Compute for this device instead of the machine's own. */
  readonly device: string | undefined;
  rate(rate: Rate): number;
}

/** By index, of every instance that was assessed; an output that is still to be made has the size that its stage expects. */
export async function estimatePlan(
  plan: Plan,
  assessments: readonly (Assessment | undefined)[],
  options: EstimateOptions,
): Promise<readonly (Estimate | undefined)[]> {
  const { store } = options;
  const view = assessedView(plan, assessments, options);
  const median = medianCosts(plan, store);
  const estimates: (Estimate | undefined)[] = [];
  const costOf = (index: number) => {
    const estimate = estimates[index];
    return estimate && 'cost' in estimate ? estimate.cost : undefined;
  };
  for (const instance of plan.instances) {
    const assessment = assessments[instance.index];
    estimates.push(assessment && (await estimateOf(instance, assessment)));
  }
  return estimates;

  async function estimateOf(instance: Instance, assessment: Assessment): Promise<Estimate> {
    if (assessment.kind === 'current') return { kind: 'done' };
    const asked = await askedStage(instance, view, options.stages);
    const rental = asked?.stage.rents?.(asked.params);
    return { ...(await expectationOf(instance, assessment, asked)), ...(rental && { rental }) };
  }

  async function expectationOf(
    instance: Instance,
    assessment: Assessment,
    asked: AskedStage | undefined,
  ): Promise<Expectation> {
    const before = assessment.kind === 'stale' ? costThen(store, assessment.key) : undefined;
    if (before && options.device === undefined) return { kind: 'before', cost: before };
    const said = asked && (await costByStage(asked, instance, view, costOf, options));
    if (said) return { kind: 'stage', cost: said };
    const usual = median(instance.stage);
    return usual ? { kind: 'median', cost: usual } : { kind: 'unknown' };
  }
}

/** A stage as an instance asks for it. */
interface AskedStage {
  readonly stage: Stage;
  readonly params: z.output<Stage['params']>;
}

/** Undefined for a script, and for what is not valid. */
async function askedStage(
  instance: Instance,
  view: InputView,
  stages: StageCatalogue,
): Promise<AskedStage | undefined> {
  const stage = await stageOf(instance, view, stages);
  if (stage?.cost === undefined && stage?.rents === undefined) return undefined;
  // Paths in parameters say nothing about cost, and those of results to come are not known.
  const unnamed = Object.fromEntries(instance.inputs.map(({ name, sources }) => [name, sources.map(() => '')]));
  const params = stage.params.safeParse(fillValue(instance.with, { inputs: unnamed, outputs: {} }));
  return params.success ? { stage, params: params.data } : undefined;
}

/** What the stage says; undefined if it does not, or if what it says hangs on a size that nobody knows. */
async function costByStage(
  { stage, params }: AskedStage,
  instance: Instance,
  view: InputView,
  costOf: (index: number) => Cost | undefined,
  { device, rate }: EstimateOptions,
): Promise<Cost | undefined> {
  if (stage.cost === undefined) return undefined;
  const inputs: Record<string, Content | readonly Content[]> = {};
  for (const input of instance.inputs) {
    if (input.name.startsWith('@') || input.name.startsWith('stages.')) continue;
    const contents = input.sources.map((source) => contentOf(input, source, view, costOf));
    inputs[input.name] = input.list ? contents : contents[0]!;
  }
  const question = { params, inputs, resources: requestOf(instance), device, rate };
  const cost = await stage.cost(question as CostQuestion<Stage['params'], Stage['inputs']>);
  return cost && Number.isFinite(cost.cpuSeconds) ? cost : undefined;
}

async function stageOf({ action }: Instance, { plan, sources }: InputView, stages: StageCatalogue) {
  if (action.kind === 'run') return undefined;
  const path = action.kind === 'module' ? join(plan.root, action.path) : undefined;
  const loaded = await (path === undefined
    ? stages.load((action as { name: string }).name)
    : stages.loadModule(path, sources.known(path) ?? ''));
  return loaded.ok ? loaded.stage : undefined;
}
