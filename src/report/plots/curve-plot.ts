import { formatCount, formatValue } from '../../ui/quantity.ts';
import type { Point } from '../gather/curve.ts';
import { draw, Plot } from './draw.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** More lines than that are drawn alike, without a legend. */
const mostNames = 10;

/** One metric of one or several instances over their steps. */
export function curvePlot(metric: string, lines: readonly Line[]): string {
  const rows = lines.flatMap(({ name, points }) => points.map((point) => ({ ...point, name })));
  const named = lines.length > 1 && lines.length <= mostNames;
  const [x, y] = ['step', 'value'];
  return draw({
    width: 440,
    height: 240,
    marginLeft: 64,
    marginBottom: 40,
    style: { fontSize: '12px' },
    x: { label: 'step', tickFormat: (step: number) => formatCount(step) },
    y: { label: metric, grid: true, tickFormat: (value: number) => formatValue(value) },
    ...(named && { color: { legend: true } }),
    marks: [
      Plot.lineY(rows, {
        x,
        y,
        z: 'name',
        stroke: named ? 'name' : 'var(--accent)',
        strokeOpacity: lines.length > mostNames ? 0.4 : 1,
        strokeWidth: 1.75,
      }),
    ],
  });
}
