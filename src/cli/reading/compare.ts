import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import { stringify as csv } from 'csv-stringify/sync';
import { type Comparison, compareRuns } from '../../report/compare/compare-runs.ts';
import { comparisonPage, shownPlain } from '../../report/compare/comparison-page.tsx';
import { existingRun } from '../existing-run.ts';
import { print, printJson } from '../print.ts';
import { RequestError } from '../request-error.ts';
import { formatTable } from '../table.ts';
import { cacheHere } from '../workspace.ts';
import { writeOutput } from '../write-output.ts';
import { gatherRuns } from './gather-runs.ts';

interface CompareOptions {
  readonly json?: true;
  readonly csv?: true;
  readonly output?: string;
}

export function define(command: Command): void {
  command
    .argument('<runs...>', 'ids or names')
    .addOption(new Option('--json', 'print the comparison as JSON').conflicts('csv'))
    .option('--csv', 'print the metrics as CSV')
    .option('-o, --output <file>', 'write a page with tables and with the curves of all runs')
    .action(compare);
}

async function compare(words: readonly string[], options: CompareOptions): Promise<void> {
  if (words.length < 2) throw new RequestError('name two runs or more: `kumiki runs` lists them');
  const cache = cacheHere();
  const runs = words.map((word) => existingRun(cache, word));
  const reports = await gatherRuns(cache, runs);
  const comparison = compareRuns(reports);
  if (options.output !== undefined) {
    writeOutput(options.output, comparisonPage(comparison, reports));
    print(relative('', options.output));
  } else if (options.json) printJson(comparison);
  else if (options.csv) print(metricsCsv(comparison));
  else print(asText(comparison));
}

function metricsCsv({ runs, metrics }: Comparison): string {
  return csv([
    ['instance', 'metric', ...runs],
    ...metrics.map(({ instance, name, values }) => [instance, name, ...values.map((value) => value ?? '')]),
  ]);
}

function asText({ runs, params, stages, causes, metrics }: Comparison): string {
  const counts = stages.map(({ stage, shared, differing, partial }) => [
    stage,
    ...[`${shared} shared`, `${differing} differ`, `${partial} not in all`].map((text) =>
      /^0 /.test(text) ? '' : text,
    ),
  ]);
  const values = (row: { values: Comparison['params'][number]['values'] }) => row.values.map(shownPlain);
  const tables = [
    params.length > 0 && [['parameter', ...runs], ...params.map((row) => [row.name, ...values(row)])],
    causes.length > 0 && [
      ['stage', 'decided by', ...runs],
      ...causes.map((row) => [row.stage, row.name, ...values(row)]),
    ],
    [['stage', 'instances'], ...counts],
    metrics.length > 0 && [
      ['instance', 'metric', ...runs],
      ...metrics.map((row) => [row.instance, row.name, ...values(row)]),
    ],
  ];
  return tables.flatMap((rows) => (rows ? [formatTable(rows)] : [])).join('\n');
}
