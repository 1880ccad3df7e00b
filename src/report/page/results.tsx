import MarkdownIt from 'markdown-it';
import { formatValue } from '../../ui/quantity.ts';
import type { Json } from '../../workflow/json.ts';
import type { RunReport, ShownOutput } from '../gather/run-report.ts';
import { type Plain, plainValues } from '../plain-values.ts';
import { Made, Section, Table } from './document.tsx';

const longestCell = 40;
const markdown = new MarkdownIt({ html: false });

/** The outputs that stages declare worth reading: texts as they are, JSON as a table of its values. */
export function Results({ report }: { readonly report: RunReport }) {
  const groups = report.stages.flatMap(({ stage, instances }) => {
    const shown = instances.flatMap(({ id, shown }) => shown.map((output) => ({ id, ...output })));
    return shown.length === 0 ? [] : [{ stage, shown }];
  });
  if (groups.length === 0) return null;
  return (
    <Section title="Results">
      {groups.map(({ stage, shown }) => (
        <div key={stage}>
          <h3>{stage}</h3>
          {shown
            .filter(({ as }) => as === 'markdown')
            .map(({ id, output, text }) => (
              <div key={`${id} ${output}`}>
                {id !== stage && <p className="soft">{id}</p>}
                <Made className="wide" markup={markdown.render(text)} />
              </div>
            ))}
          <ValueTable shown={shown.filter(({ as }) => as === 'json')} />
        </div>
      ))}
    </Section>
  );
}

/** A row for each instance, a column for each plain value. */
function ValueTable({ shown }: { readonly shown: readonly (ShownOutput & { readonly id: string })[] }) {
  if (shown.length === 0) return null;
  const rows = shown.map(({ id, text }) => ({ id, values: new Map(tabular(JSON.parse(text) as Json)) }));
  const names = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))];
  return (
    <Table
      columns={[{ name: 'instance' }, ...names.map((name) => ({ name, number: true as const }))]}
      rows={rows.map(({ id, values }) => [id, ...names.map((name) => shownValue(values.get(name)))])}
    />
  );
}

/** Long texts and lists are for the file itself. */
const tabular = (value: Json) =>
  plainValues(value).filter(([, plain]) => typeof plain !== 'string' || plain.length <= longestCell);

function shownValue(value: Plain | undefined): string {
  if (value === undefined || value === null) return '–';
  if (typeof value !== 'number') return String(value);
  return Number.isInteger(value) ? value.toLocaleString('en') : formatValue(value);
}
