import { renderToStaticMarkup } from 'react-dom/server';
import type { RunReport } from '../gather/run-report.ts';
import { graphPicture } from '../plots/graph-picture.ts';
import { Costs } from './costs.tsx';
import { Curves } from './curves.tsx';
import { Document, Made, Section } from './document.tsx';
import { Provenance } from './provenance.tsx';
import { Results } from './results.tsx';
import { Summary } from './summary.tsx';
import { Timeline } from './timeline.tsx';

/** The report of a run as one HTML page that needs nothing beside it; `beside` is the folder that links to logs start from. */
export async function renderReport(report: RunReport, beside: string): Promise<string> {
  const graph = await graphPicture(report.state);
  const { run } = report;
  const page = (
    <Document title={run.name ?? run.id}>
      <Summary report={report} />
      <Section title="Stages">
        <Made className="graph" markup={graph} />
        <Costs report={report} />
      </Section>
      <Timeline report={report} beside={beside} />
      <Curves report={report} />
      <Results report={report} />
      <Provenance report={report} />
    </Document>
  );
  return `<!doctype html>\n${renderToStaticMarkup(page)}\n`;
}
