import { renderToStaticMarkup } from 'react-dom/server';
import { formatValue } from '../../ui/quantity.ts';
import { pointsOf } from '../gather/curve.ts';
import type { RunReport } from '../gather/run-report.ts';
import { type Column, Document, Made, Section, Table } from '../page/document.tsx';
import type { Plain } from '../plain-values.ts';
import { curvePlot, type Line } from '../plots/curve-plot.ts';
import type { Comparison, Row } from './compare-runs.ts';

/** The comparison as one HTML page: what differs, metrics side by side, and the curves of all runs in one plot each. */
export function comparisonPage(comparison: Comparison, reports: readonly RunReport[]): string {
  const { runs, params, stages, causes, metrics } = comparison;
  const columns = (...names: readonly string[]): Column[] => [
    ...names.map((name) => ({ name })),
    ...runs.map((name) => ({ name, number: true as const })),
  ];
  const page = (
    <Document title={runs.join(' · ')}>
      <h1>{runs.join(' · ')}</h1>
      <Section title="What differs">
        {params.length > 0 && (
          <Table columns={columns('parameter')} rows={params.map((row) => [row.name, ...cells(row)])} />
        )}
        {causes.length > 0 && (
          <Table
            columns={columns('stage', 'decided by')}
            rows={causes.map((row) => [row.stage, row.name, ...cells(row)])}
          />
        )}
        {params.length + causes.length === 0 && <p className="soft">Nothing: the runs have the same results.</p>}
      </Section>
      <Section title="Stages">
        <Table
          columns={[
            { name: 'stage' },
            ...['shared', 'differing', 'not in all'].map((name) => ({ name, number: true as const })),
          ]}
          rows={stages.map(({ stage, shared, differing, partial }) => [stage, shared, differing, partial])}
        />
      </Section>
      {metrics.length > 0 && (
        <Section title="Metrics">
          <Table
            columns={columns('instance', 'metric')}
            rows={metrics.map((row) => [row.instance, row.name, ...cells(row)])}
          />
        </Section>
      )}
      <SharedCurves runs={runs} reports={reports} />
    </Document>
  );
  return `<!doctype html>\n${renderToStaticMarkup(page)}\n`;
}

const cells = ({ values }: Row) => values.map(shownPlain);

export function shownPlain(value: Plain | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' && !Number.isInteger(value) ? formatValue(value) : String(value);
}

/** One plot for each metric of each instance, a line for each run. */
function SharedCurves({ runs, reports }: { readonly runs: readonly string[]; readonly reports: readonly RunReport[] }) {
  const plots = new Map<string, { readonly metric: string; readonly instance: string; readonly lines: Line[] }>();
  for (const [i, { stages }] of reports.entries()) {
    for (const { id, curves } of stages.flatMap(({ instances }) => instances)) {
      for (const [metric, curve] of curves) {
        const points = pointsOf(curve);
        if (points.length < 2) continue;
        const plot = plots.get(`${id}\0${metric}`) ?? { metric, instance: id, lines: [] };
        plots.set(`${id}\0${metric}`, plot);
        plot.lines.push({ name: runs[i]!, points });
      }
    }
  }
  if (plots.size === 0) return null;
  return (
    <Section title="Curves">
      <div className="grid">
        {[...plots].map(([key, { metric, instance, lines }]) => (
          <div key={key}>
            <p className="soft">{instance}</p>
            <Made className="figure" markup={curvePlot(metric, lines)} />
          </div>
        ))}
      </div>
    </Section>
  );
}
