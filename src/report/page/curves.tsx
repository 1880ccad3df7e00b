import { pointsOf } from '../gather/curve.ts';
import type { RunReport, StageReport } from '../gather/run-report.ts';
import { curvePlot, type Line } from '../plots/curve-plot.ts';
import { Made, Section } from './document.tsx';

/** The metrics that stages reported over their steps, a plot for each name. */
export function Curves({ report }: { readonly report: RunReport }) {
  const stages = report.stages.map((stage) => ({ stage: stage.stage, plots: plotsOf(stage) }));
  const drawn = stages.filter(({ plots }) => plots.length > 0);
  if (drawn.length === 0) return null;
  return (
    <Section title="Curves">
      {drawn.map(({ stage, plots }) => (
        <div key={stage}>
          <h3>{stage}</h3>
          <div className="grid">
            {plots.map(({ metric, lines }) => (
              <Made key={metric} className="figure" markup={curvePlot(metric, lines)} />
            ))}
          </div>
        </div>
      ))}
    </Section>
  );
}

/** A metric that no instance reported twice has no course to draw. */
function plotsOf({ stage, instances }: StageReport): { readonly metric: string; readonly lines: readonly Line[] }[] {
  const metrics = [...new Set(instances.flatMap(({ curves }) => [...curves.keys()]))];
  const plots = metrics.map((metric) => ({
    metric,
    lines: instances.flatMap(({ id, curves }) => {
      const curve = curves.get(metric);
      const points = curve ? pointsOf(curve) : [];
      return points.length < 2 ? [] : [{ name: id === stage ? stage : id.slice(stage.length + 1, -1), points }];
    }),
  }));
  return plots.filter(({ lines }) => lines.length > 0);
}
