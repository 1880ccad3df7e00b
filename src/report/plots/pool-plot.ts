import { formatAmount, formatTick } from '../../ui/quantity.ts';
import type { Attempt } from '../gather/run-history.ts';
import { draw, Plot } from './draw.ts';

/** What running attempts held of a pool over time, below the line of what there was. */
export function poolPlot(pool: string, limit: number, attempts: readonly Attempt[], startedAt: number): string {
  return draw({
    width: 440,
    height: 140,
    marginLeft: 62,
    style: { fontSize: '12px' },
    x: { label: null, tickFormat: formatTick },
    y: { label: pool, domain: [0, limit], ticks: 4, tickFormat: (amount: number) => formatAmount(pool, amount) },
    marks: [
      Plot.areaY(heldOverTime(pool, attempts, startedAt), {
        x: 'seconds',
        y1: 0,
        y2: 'amount',
        curve: 'step-after',
        fill: 'var(--accent)',
        fillOpacity: 0.35,
      }),
      Plot.ruleY([limit], { stroke: 'currentColor', strokeDasharray: '3,3', strokeOpacity: 0.5 }),
      Plot.ruleY([0]),
    ],
  });
}

interface Held {
  readonly seconds: number;
  readonly amount: number;
}

export function heldOverTime(pool: string, attempts: readonly Attempt[], startedAt: number): Held[] {
  const changes = attempts.flatMap(({ started, finished, resources }) => {
    const amount = resources[pool] ?? 0;
    return amount === 0
      ? []
      : [
          { time: started, amount },
          { time: finished, amount: -amount },
        ];
  });
  changes.sort((a, b) => a.time - b.time);
  let amount = 0;
  return changes.map((change) => {
    amount += change.amount;
    return { seconds: (change.time - startedAt) / 1000, amount };
  });
}
