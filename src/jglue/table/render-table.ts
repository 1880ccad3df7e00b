/** The table of JGLUE's results as Markdown, and the same as values. */
import stringWidth from 'string-width';
import { type TaskName, taskNames, tasks } from '../tasks/task.ts';
import { type BestRun, type ModelResults, scoresOf } from './best-runs.ts';
import { type PublishedName, published } from './published.ts';

const metricTitles: Readonly<Record<TaskName, string>> = {
  marc_ja: 'accuracy',
  jsts: 'Pearson/Spearman',
  jnli: 'accuracy',
  jsquad: 'EM/F1',
  jcommonsenseqa: 'accuracy',
};

type Scores = readonly (number | null)[] | undefined;

interface Column {
  readonly title: string;
  cell(task: TaskName, best: BestRun | undefined): string;
}

/** A section for each model. With `reference`, that published row stands beside ours, with the difference; without, all follow. */
export function renderMarkdown(models: readonly ModelResults[], reference: PublishedName | undefined): string {
  const columns = [...scoreColumns(reference), ...runColumns];
  const title = ({ name, weights }: ModelResults) =>
    models.filter((other) => other.name === name).length > 1 ? `${name} (${weights.slice(0, 15)})` : name;
  const sections = models.flatMap((model) => [
    `## ${escaped(title(model))}`,
    '',
    ...markdownTable(
      columns.map(({ title }) => title),
      taskNames.map((task) => columns.map(({ cell }) => cell(task, model.tasks[task]))),
    ),
    '',
  ]);
  const others = reference === undefined ? ['## Published results on dev', '', ...publishedTable(), ''] : [];
  return [
    '# JGLUE',
    '',
    'Of each task the best run by dev, and what it gets on test.',
    '',
    ...sections,
    ...others,
  ].join('\n');
}

/** The same in few columns for a terminal: the tasks that were run. */
export function renderBrief(models: readonly ModelResults[], reference: PublishedName | undefined): string {
  const filled = ({ cell }: Column) =>
    models.some(({ tasks: results }) => taskNames.some((task) => cell(task, results[task]) !== ''));
  const columns = scoreColumns(reference).filter(filled);
  const sections = models.map(({ name, tasks: results }) => {
    const run = taskNames.filter((task) => results[task] !== undefined);
    const rows = [
      [name, ...columns.slice(1).map(({ title }) => title)],
      ...run.map((task) => columns.map(({ cell }, i) => (i === 0 ? '  ' : '') + cell(task, results[task]))),
    ];
    return aligned(rows);
  });
  return sections.join('\n\n');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column]!))));
  const padded = (cell: string, column: number) => cell + ' '.repeat(widths[column]! - stringWidth(cell));
  return rows.map((row) => row.map(padded).join('  ').trimEnd()).join('\n');
}

function scoreColumns(reference: PublishedName | undefined): readonly Column[] {
  return [
    { title: 'task', cell: (task) => tasks[task].title },
    { title: 'metric', cell: (task) => metricTitles[task] },
    { title: 'dev', cell: (_, best) => (best === undefined ? 'not run' : shown(scoresOf(best, 'dev'))) },
    ...(reference === undefined
      ? []
      : [
          {
            title: `${reference}, published`,
            cell: (task: TaskName) => shown(published[reference][task]),
          },
          {
            title: 'difference',
            cell: (task: TaskName, best: BestRun | undefined) => shown(differences(task, best, reference), signed),
          },
        ]),
    { title: 'test', cell: (_, best) => shown(scoresOf(best, 'test')) },
  ];
}

const ofRun = (title: string, value: (best: BestRun) => unknown): Column => ({
  title,
  cell: (_, best) => (best === undefined ? '' : String(value(best))),
});

const runColumns: readonly Column[] = [
  ofRun('learning rate', ({ result }) => result.learning_rate.toExponential()),
  ofRun('epochs', ({ result }) => result.epochs),
  ofRun('batch', ({ result }) => result.batch_size),
  ofRun('seed', ({ result }) => result.seed),
  ofRun('trained on', ({ result }) => result.train_examples),
  ofRun('best of', ({ runs }) => (runs === 1 ? '1 run' : `${runs} runs`)),
  {
    title: 'of the grid not run',
    cell: (_, best) => (best === undefined ? 'all' : notRun(best)),
  },
];

const notRun = (best: BestRun) =>
  best.notRun.map((run) => `${run.learning_rate.toExponential()} × ${run.epochs}`).join(', ') || 'none';

function publishedTable(): string[] {
  const header = ['model', ...taskNames.map((task) => `${tasks[task].title} ${metricTitles[task]}`)];
  const rows = Object.entries(published).map(([name, row]) => [name, ...taskNames.map((task) => shown(row[task]))]);
  return markdownTable(header, rows);
}

/** Nothing where there is no result; `undefined` for a metric that is not defined, such as a correlation with a constant. */
function shown(scores: Scores, format: (value: number) => string = (value) => value.toFixed(3)): string {
  return scores?.map((value) => (value === null ? 'undefined' : format(value))).join('/') ?? '';
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

/** Ours less the published, each rounded to the three decimals that are published. */
function differences(task: TaskName, best: BestRun | undefined, reference: PublishedName): Scores {
  return scoresOf(best, 'dev')?.map((value, i) =>
    value === null ? null : (Math.round(1000 * value) - Math.round(1000 * published[reference][task][i]!)) / 1000,
  );
}

const escaped = (text: string) => text.replace(/[\r\n]+/g, ' ').replace(/[|*_<>`\\]/g, '\\$&');

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}

/** What the Markdown says, for programs. */
export function tableValues(models: readonly ModelResults[], reference: PublishedName | undefined): unknown {
  const byMetric = (task: TaskName, scores: Scores) =>
    scores && Object.fromEntries(tasks[task].metrics.map((metric, i) => [metric, scores[i] ?? null]));
  const byTask = (value: (task: TaskName) => unknown) =>
    Object.fromEntries(taskNames.map((task) => [task, value(task)]));
  return {
    reference:
      reference === undefined
        ? null
        : { name: reference, dev: byTask((task) => byMetric(task, published[reference][task])) },
    models: models.map(({ name, weights, tasks: runs }) => ({
      name,
      weights,
      tasks: byTask((task) => {
        const best = runs[task];
        if (best === undefined) return null;
        const { learning_rate, epochs, batch_size, seed, train_examples } = best.result;
        return {
          dev: byMetric(task, scoresOf(best, 'dev')),
          test: byMetric(task, scoresOf(best, 'test')),
          difference: reference && byMetric(task, differences(task, best, reference)),
          best: { learning_rate, epochs, batch_size, seed, train_examples },
          runs: best.runs,
          not_run: best.notRun,
        };
      }),
    })),
  };
}
