import type { Instance, Plan } from '../graph/plan.ts';
import { groupBy } from '../group-by.ts';
import { type Amounts, requestOf, shareOf } from '../run/schedule/pools.ts';
import type { Cost, Rental } from '../stage/cost.ts';
import type { ClusterSettings, Prices } from '../workflow/settings.ts';
import type { Estimate } from './estimate.ts';
import { expectedTime, within } from './expected-time.ts';
import { chargeOf, type Money, moneyOf } from './price.ts';

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
  /** Machines that are rented, by what and on which terms. */
  readonly rented: readonly Rented[];
  /** Left out where nothing costs money. */
  readonly money?: Money;
}

export interface Rented extends Rental {
  readonly seconds: number;
}

export interface PlanCost {
  readonly stages: ReadonlyMap<string, GroupCost>;
  readonly total: GroupCost;
}

export interface CostOptions {
  /** Sizes of the pools that the run would have. */
  readonly pools: Readonly<Record<string, number>>;
  readonly prices?: Prices;
  /** For jobs of Slurm that do not name their partition. */
  readonly slurm?: ClusterSettings;
}

export function costByStage(
  plan: Plan,
  estimates: readonly (Estimate | undefined)[],
  { pools, prices, slurm }: CostOptions,
): PlanCost {
  const toRun = plan.instances.filter(({ index }) => estimates[index] && estimates[index].kind !== 'done');
  const seconds = (instance: Instance) => secondsOf(estimates[instance.index]!, coresOf(instance, pools));
  const sum = (group: readonly Instance[]) => {
    const charges = group.map((instance) => {
      const estimate = estimates[instance.index]!;
      const charge = chargeOf(instance, rentalOf(estimate), prices, slurm);
      return { charge, hours: 'cost' in estimate ? seconds(instance) / 3600 : undefined };
    });
    const money = moneyOf(charges);
    return { ...sumOf(group, estimates), rented: rentedBy(group, estimates, seconds), ...(money && { money }) };
  };
  const groups = groupBy(toRun, ({ stage }) => stage);
  const stages = [...groups].map(([stage, group]): [string, GroupCost] => {
    const times = group.map(seconds);
    const sideBySide = Math.min(...group.map((instance) => abreast(requestOf(instance), pools)));
    const all = times.reduce((sum, time) => sum + time, 0);
    return [stage, { ...sum(group), seconds: Math.max(all / Math.min(sideBySide, group.length), ...times) }];
  });
  const expected = expectedTime(plan, pools, (index) => {
    const estimate = estimates[index];
    return estimate && estimate.kind !== 'done' ? seconds(plan.instances[index]!) : undefined;
  });
  return { stages: new Map(stages), total: { ...sum(toRun), seconds: expected } };
}

/** That it computes on: of this machine no more than there are, elsewhere what it asks for. */
function coresOf(instance: Instance, pools: Amounts): number {
  const isHere = shareOf(instance).cpu !== undefined;
  return (isHere ? within(requestOf(instance), pools) : requestOf(instance)).cpu ?? 1;
}

/** How many instances with such a request the pools hold at a time. */
function abreast(request: Amounts, pools: Amounts): number {
  const each = Object.entries(request).map(([pool, amount]) =>
    amount > 0 ? Math.floor((pools[pool] ?? 0) / amount) : Number.POSITIVE_INFINITY,
  );
  return Math.max(1, Math.min(...each));
}

function sumOf(
  group: readonly Instance[],
  estimates: readonly (Estimate | undefined)[],
): Omit<GroupCost, 'seconds' | 'rented' | 'money'> {
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

function rentedBy(
  group: readonly Instance[],
  estimates: readonly (Estimate | undefined)[],
  seconds: (instance: Instance) => number,
): readonly Rented[] {
  const renting = group.flatMap((instance) => {
    const rental = rentalOf(estimates[instance.index]!);
    return rental ? [{ ...rental, seconds: seconds(instance) }] : [];
  });
  return [...groupBy(renting, ({ tpu, spot }) => `${tpu} ${spot}`).values()].map((same) => ({
    ...same[0]!,
    seconds: same.reduce((sum, { seconds }) => sum + seconds, 0),
  }));
}

function rentalOf(estimate: Estimate): Rental | undefined {
  return estimate.kind === 'done' ? undefined : estimate.rental;
}

function secondsOf(estimate: Estimate, cores: number): number {
  if (!('cost' in estimate)) return 0;
  const { seconds, cpuSeconds, deviceSeconds = 0 } = estimate.cost;
  return seconds ?? Math.max(cpuSeconds / Math.max(1, cores), deviceSeconds);
}
