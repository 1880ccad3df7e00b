import type { GroupCost, Rented } from '../../estimate/by-stage.ts';
import type { Money } from '../../estimate/price.ts';
import type { UsedRate } from '../../estimate/rates.ts';
import type { Standing } from '../../run/standing.ts';
import { formatBytes, formatDuration, formatRateOf, formatWhole } from '../../ui/quantity.ts';
import type { Prices } from '../../workflow/settings.ts';
import { formatTable } from '../table.ts';

type Planned = Standing & { readonly cost: GroupCost | undefined };

export interface PlanDescription {
  readonly stages: readonly Planned[];
  readonly total: GroupCost;
  /** A sentence for each request that no pool can grant. */
  readonly excessive: readonly string[];
  readonly rates: readonly UsedRate[];
  readonly prices?: Prices;
}

/** What would run as a table, its cost, what asks for more than there is, what is done already, and the rates that the costs are reckoned with. */
export function describePlan({ stages, total, excessive, rates, prices }: PlanDescription): string {
  const busy = stages.filter((stage) => toRun(stage) + stage.impossible.length > 0);
  const count = (which: 'current' | 'stale' | 'waiting') => stages.reduce((sum, stage) => sum + stage[which].length, 0);
  if (busy.length === 0) return `nothing would run: ${count('current')} of ${count('current')} are current`;
  const all = count('stale') + count('waiting');
  const hasMoney = prices !== undefined && total.money !== undefined;
  const moneyCell = (cost: GroupCost | undefined) => (hasMoney ? [moneyText(cost?.money)] : []);
  const table = formatTable(
    [
      ['', 'to run', 'CPU', 'time', 'memory', 'scratch', 'results', 'device', ...(hasMoney ? [prices!.currency] : [])],
      ...busy.map((stage) => [
        stage.stage,
        share(stage),
        ...costCells(stage.cost, toRun(stage)),
        ...moneyCell(stage.cost),
      ]),
      ['in all', formatWhole(all), ...costCells(total, all), ...moneyCell(total)],
    ],
    new Set([1, 2, 3, 4, 5, 6, 7, 8]),
  );
  const obstacles = busy.flatMap(({ stage, impossible: [first] }) =>
    first ? [`${stage} cannot run: ${first.message}\n`] : [],
  );
  return [
    table,
    '\nCPU: core time. time: from start to end on this machine, by its pools; in all, side by side.\n',
    'memory, scratch: peak of one instance. device: how long training holds it. ?: nothing known.\n',
    ...total.rented.map((rented) => `${describeRented(rented, prices)}\n`),
    hasMoney ? describeMoney(total.money!, prices!.currency) : '',
    total.byMedian > 0 ? `~ from earlier results of the stage, whatever their inputs.\n` : '',
    ...obstacles,
    excessive.length > 0 ? describeExcess(excessive) : '',
    `\n${count('stale')} would run, ${count('waiting')} may, which hangs on what comes before, ${count('current')} are current\n`,
    rates.length > 0 ? `\n${describeRates(rates)}` : '',
  ].join('');
}

const shownExcesses = 3;

function describeExcess(sentences: readonly string[]): string {
  const shown = sentences.slice(0, shownExcesses).map((sentence) => `  ${sentence}\n`);
  const more = sentences.length - shown.length;
  return `\nThese pools do not do for all of it:\n${shown.join('')}${more > 0 ? `  and ${more} more\n` : ''}`;
}

function toRun({ stale, waiting }: Planned): number {
  return stale.length + waiting.length;
}

/** `3 of 64`: of the rest the results are there. */
function share(stage: Planned): string {
  const others = stage.current.length + stage.impossible.length;
  return others === 0 ? formatWhole(toRun(stage)) : `${toRun(stage)} of ${toRun(stage) + others}`;
}

function costCells(cost: GroupCost | undefined, instances: number): string[] {
  if (cost === undefined || cost.known === 0) return Array<string>(6).fill(instances === 0 ? '' : '?');
  const mark = cost.known < instances ? '+?' : cost.byMedian > 0 ? '~' : '';
  const unless0 = (amount: number, format: (amount: number) => string) => (amount === 0 ? '' : format(amount));
  return [
    longTime(cost.cpuSeconds) + mark,
    longTime(cost.seconds),
    unless0(cost.memory, formatBytes),
    unless0(cost.scratch, formatBytes),
    unless0(cost.resultBytes, formatBytes),
    unless0(cost.deviceSeconds, longTime),
  ];
}

function moneyText(money: Money | undefined): string {
  if (money === undefined) return '';
  if (money.unknown === money.instances) return '?';
  return `${formatMoney(money.amount)}${money.unknown > 0 ? '+?' : ''}`;
}

/** `rented, v3-8 on demand: 2,424 h at 8.8 USD`, or where to set the price. */
function describeRented({ tpu, spot, seconds }: Rented, prices: Prices | undefined): string {
  const terms = spot ? 'spot' : 'onDemand';
  const price = prices?.tpu?.[tpu]?.[terms];
  const hours = seconds === 0 ? '? h' : `${formatHours(seconds)} h`;
  const at =
    price === undefined
      ? `; set prices.tpu.${tpu}.${terms} in kumiki.yaml to see the money`
      : ` at ${price} ${prices!.currency}`;
  return `rented, ${tpu} ${spot ? 'spot' : 'on demand'}: ${hours}${at}`;
}

/** What it would be on other terms. Of spot machines, what they do again after a preemption is not known. */
function describeMoney({ onDemand, spot }: Money, currency: string): string {
  const both = onDemand !== undefined && spot !== undefined && onDemand !== spot;
  const terms = both
    ? `; TPUs all on demand ${formatMoney(onDemand)}, all spot ${formatMoney(spot)}, without preemptions`
    : '';
  return `${currency}: by the prices of kumiki.yaml${terms}. Storage and traffic are not in it.\n`;
}

function formatHours(seconds: number): string {
  const hours = seconds / 3600;
  return hours < 10 ? hours.toFixed(1) : formatWhole(Math.round(hours));
}

/** `8.80`, `21,331`. */
function formatMoney(amount: number): string {
  return amount < 100 ? amount.toFixed(2) : formatWhole(Math.round(amount));
}

/** As `formatDuration` up to ten hours; then whole hours, and from four days on days. */
function longTime(seconds: number): string {
  const hours = seconds / 3600;
  if (hours < 10) return formatDuration(seconds);
  return hours < 96 ? `${Math.round(hours)} h` : `${formatWhole(Math.round(hours / 24))} d`;
}

function describeRates(rates: readonly UsedRate[]): string {
  const measured = rates.filter((rate) => rate.measured !== undefined);
  const assumed = rates.filter((rate) => rate.measured === undefined);
  const rows = (some: readonly UsedRate[]) =>
    formatTable(
      some.map(({ name, value, unit, source, measured }) => [
        `  ${name}`,
        formatRateOf(value, unit),
        measured === undefined ? source : measured.slice(0, 10),
      ]),
    );
  return [
    measured.length > 0 ? `Rates measured on this machine:\n${rows(measured)}` : '',
    assumed.length > 0 ? `Rates assumed (\`kumiki doctor --measure\` measures this machine's):\n${rows(assumed)}` : '',
  ].join('');
}
