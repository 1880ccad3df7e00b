import type { Instance, Plan } from '../graph/plan.ts';
import { groupBy } from '../group-by.ts';
import { type Amounts, requestOf } from '../run/schedule/pools.ts';
import type { Cost } from '../stage/cost.ts';
import type { Estimate } from './estimate.ts';
import { expectedTime, within } from './expected-time.ts';

/** What those instances of a group take that would run: sums, save for `memory` and `scratch`, which are of the largest one. */
export interface GroupCost {
  /** How many instances the figures are of; about the others nothing is known. */
  readonly known: number;
  /** Of these, how many the median of earlier results stands for. */
  readonly byMedian: number;
  readonly cpuSeconds: number;
  readonly deviceSeconds: number;
  /** From start to end, as the pools allow, nothing else running. */
  readonly seconds: number;
  readonly memory: number;
  readonly scratch: number;
  readonly resultBytes: number;
}

export interface PlanCost {
  readonly stages: ReadonlyMap<string, GroupCost>;
  readonly total: GroupCost;
}

/** `pools`: sizes of the pools that the run would have. */
export function costByStage(
  plan: Plan,
  estimates: readonly (Estimate | undefined)[],
  pools: Readonly<Record<string, number>>,
): PlanCost {
  const toRun = plan.instances.filter(({ index }) => estimates[index] && estimates[index].kind !== 'done');
  const seconds = (instance: Instance) =>
    secondsOf(estimates[instance.index]!, within(requestOf(instance), pools).cpu ?? 1);
  const groups = groupBy(toRun, ({ stage }) => stage);
  const stages = [...groups].map(([stage, group]): [string, GroupCost] => {
    const times = group.map(seconds);
    const sideBySide = Math.min(...group.map((instance) => abreast(requestOf(instance), pools)));
    const all = times.reduce((sum, time) => sum + time, 0);
    return [stage, { ...sum(group, estimates), seconds: Math.max(all / Math.min(sideBySide, group.length), ...times) }];
  });
  const expected = expectedTime(plan, pools, (index) => {
    const estimate = estimates[index];
    return estimate && estimate.kind !== 'done' ? seconds(plan.instances[index]!) : undefined;
  });
  return { stages: new Map(stages), total: { ...sum(toRun, estimates), seconds: expected } };
}

/** How many instances with such a request the pools hold at a time. */
function abreast(request: Amounts, pools: Amounts): number {
  const each = Object.entries(request).map(([pool, amount]) =>
    amount > 0 ? Math.floor((pools[pool] ?? 0) / amount) : Number.POSITIVE_INFINITY,
  );
  return Math.max(1, Math.min(...each));
}

function sum(group: readonly Instance[], estimates: readonly (Estimate | undefined)[]): Omit<GroupCost, 'seconds'> {
  const costs = group.flatMap(({ index }) => {
    const estimate = estimates[index]!;
    return 'cost' in estimate ? [{ cost: estimate.cost, byMedian: estimate.kind === 'median' }] : [];
  });
  const add = (of: (cost: Cost) => number) => costs.reduce((total, { cost }) => total + of(cost), 0);
  const most = (of: (cost: Cost) => number) => costs.reduce((peak, { cost }) => Math.max(peak, of(cost)), 0);
  return {
    known: costs.length,
    byMedian: costs.filter(({ byMedian }) => byMedian).length,
    cpuSeconds: add(({ cpuSeconds }) => cpuSeconds),
    deviceSeconds: add(({ deviceSeconds = 0 }) => deviceSeconds),
    memory: most(({ memory = 0 }) => memory),
    scratch: most(({ scratch = 0 }) => scratch),
    resultBytes: add(({ outputs = {} }) => Object.values(outputs).reduce((bytes, one) => bytes + (one?.bytes ?? 0), 0)),
  };
}

function secondsOf(estimate: Estimate, cores: number): number {
  if (!('cost' in estimate)) return 0;
  const { seconds, cpuSeconds, deviceSeconds = 0 } = estimate.cost;
  return seconds ?? Math.max(cpuSeconds / Math.max(1, cores), deviceSeconds);
}
