/** The table of JGLUE's results as Markdown, and the same as values. */
import { type TaskName, taskNames, tasks } from '../tasks/task.ts';
import { type ModelResults, scoresOf } from './best-runs.ts';
import { type PublishedName, published } from './published.ts';

const metricTitles: Readonly<Record<TaskName, string>> = {
  marc_ja: 'accuracy',
  jsts: 'Pearson/Spearman',
  jnli: 'accuracy',
  jsquad: 'EM/F1',
  jcommonsenseqa: 'accuracy',
};

type Scores = readonly (number | null)[] | undefined;

/** With `reference`, ours stands beside that published row, with the difference; without, all published rows stand below. */
export function renderMarkdown(models: readonly ModelResults[], reference: PublishedName | undefined): string {
  const header = ['model', ...taskNames.map((task) => `${tasks[task].title}<br>${metricTitles[task]}`)];
  const rows = models.flatMap((model) => [
    cells(`**${escaped(model.name)}**, dev`, (task) => scoresOf(model.tasks[task], 'dev'), 'not run'),
    ...(reference === undefined
      ? []
      : [publishedRow(reference), cells('difference', (task) => differences(model, task, reference), '', signed)]),
    ...(hasTest(model)
      ? [cells(`**${escaped(model.name)}**, test`, (task) => scoresOf(model.tasks[task], 'test'), '')]
      : []),
  ]);
  const others = reference === undefined ? (Object.keys(published) as PublishedName[]).map(publishedRow) : [];
  const notes = ['Dev is what the best run of the grid is chosen by; published rows are results on dev.'];
  return [
    '# JGLUE',
    '',
    ...markdownTable(header, [...rows, ...others]),
    '',
    ...notes,
    '',
    '## Best runs',
    '',
    ...markdownTable(
      ['model', 'task', 'learning rate', 'epochs', 'batch', 'seed', 'training examples', 'runs', 'of the grid not run'],
      models.flatMap(runRows),
    ),
    '',
  ].join('\n');
}

function cells(
  name: string,
  scores: (task: TaskName) => Scores,
  none: string,
  format: (value: number) => string = (value) => value.toFixed(3),
): string[] {
  const cell = (values: Scores) =>
    values?.map((value) => (value === null ? 'undefined' : format(value))).join('/') ?? none;
  return [name, ...taskNames.map((task) => cell(scores(task)))];
}

const publishedRow = (name: PublishedName) => cells(`${name}, published`, (task) => published[name][task], '');

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

const hasTest = (model: ModelResults) => taskNames.some((task) => scoresOf(model.tasks[task], 'test') !== undefined);

/** Ours less the published, each rounded to the three decimals that are published. */
export function differences(model: ModelResults, task: TaskName, reference: PublishedName): Scores {
  return scoresOf(model.tasks[task], 'dev')?.map((value, i) =>
    value === null ? null : (Math.round(1000 * value) - Math.round(1000 * published[reference][task][i]!)) / 1000,
  );
}

function runRows({ name, tasks: runs }: ModelResults): string[][] {
  return taskNames.map((task) => {
    const best = runs[task];
    if (best === undefined) return [escaped(name), tasks[task].title, 'not run', '', '', '', '', '0', 'all'];
    const { learning_rate, epochs, batch_size, seed, train_examples } = best.result;
    const missing = best.notRun.map((run) => `${rate(run.learning_rate)} × ${run.epochs}`).join(', ');
    return [
      escaped(name),
      tasks[task].title,
      rate(learning_rate),
      epochs,
      batch_size,
      seed,
      train_examples,
      best.runs,
      missing || 'none',
    ].map(String);
  });
}

const rate = (value: number) => value.toExponential();

const escaped = (text: string) => text.replace(/[\r\n]+/g, ' ').replace(/[|*_<>`\\]/g, '\\$&');

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}

/** What the Markdown says, for programs. */
export function tableValues(models: readonly ModelResults[], reference: PublishedName | undefined): unknown {
  const byMetric = (task: TaskName, scores: Scores) =>
    scores && Object.fromEntries(tasks[task].metrics.map((metric, i) => [metric, scores[i] ?? null]));
  return {
    reference:
      reference === undefined
        ? null
        : {
            name: reference,
            dev: Object.fromEntries(taskNames.map((task) => [task, byMetric(task, published[reference][task])])),
          },
    models: models.map((model) => ({
      name: model.name,
      weights: model.weights,
      tasks: Object.fromEntries(
        taskNames.map((task) => {
          const best = model.tasks[task];
          if (best === undefined) return [task, null];
          const { learning_rate, epochs, batch_size, seed, train_examples } = best.result;
          return [
            task,
            {
              dev: byMetric(task, scoresOf(best, 'dev')),
              test: byMetric(task, scoresOf(best, 'test')),
              difference: reference && byMetric(task, differences(model, task, reference)),
              best: { learning_rate, epochs, batch_size, seed, train_examples },
              runs: best.runs,
              not_run: best.notRun,
            },
          ];
        }),
      ),
    })),
  };
}
