import { formatClock, formatTick } from '../../ui/quantity.ts';
import type { Attempt } from '../gather/run-history.ts';
import { draw, Plot } from './draw.ts';

/** With more attempts than that, bars share lanes. */
const mostRows = 40;

/** When each attempt ran: a row for each instance, or, where there are many, as few lanes as hold them. */
export function timelinePlot(attempts: readonly Attempt[], startedAt: number): string {
  const instances = [...new Set(attempts.map(({ instance }) => instance))];
  const inLanes = instances.length > mostRows;
  const lanes = inLanes ? packLanes(attempts) : attempts.map(({ instance }) => instances.indexOf(instance));
  const bars = attempts.map((attempt, i) => ({
    row: inLanes ? String(lanes[i]! + 1) : attempt.instance,
    from: (attempt.started - startedAt) / 1000,
    to: (attempt.finished - startedAt) / 1000,
    stage: attempt.stage,
    failed: attempt.outcome !== 'succeeded',
    title: titleOf(attempt),
  }));
  const rows = inLanes ? [...new Set(bars.map(({ row }) => row))] : instances;
  const longest = Math.max(...rows.map((row) => row.length));
  return draw({
    width: 920,
    height: 50 + rows.length * 16,
    marginLeft: inLanes ? 40 : Math.min(520, 16 + longest * 6.4),
    style: { fontSize: '12px' },
    x: { label: null, axis: 'top', grid: true, tickFormat: formatTick },
    y: { label: inLanes ? 'lane' : null, domain: rows, padding: 0.2, tickSize: 0 },
    color: { legend: inLanes },
    marks: [
      Plot.barX(bars, { x1: 'from', x2: 'to', y: 'row', fill: 'stage', title: 'title', minWidth: 1 } as object),
      Plot.barX(
        bars.filter(({ failed }) => failed),
        { x1: 'from', x2: 'to', y: 'row', fill: 'none', stroke: 'var(--bad)', strokeWidth: 2 },
      ),
    ],
  });
}

function titleOf({ instance, attempt, outcome, started, finished }: Attempt): string {
  return `${instance}, attempt ${attempt}: ${outcome} after ${formatClock((finished - started) / 1000)}`;
}

/** Each attempt goes to the first lane that is free when it starts. */
function packLanes(attempts: readonly Attempt[]): number[] {
  const freeFrom: number[] = [];
  return attempts.map(({ started, finished }) => {
    const free = freeFrom.findIndex((time) => time <= started);
    const lane = free === -1 ? freeFrom.length : free;
    freeFrom[lane] = finished;
    return lane;
  });
}
