/** The best run of each task by its first metric on dev, and which runs of the published grid there were none of. */
import { type TaskName, taskNames, tasks } from '../tasks/task.ts';
import { publishedGrid } from './published.ts';
import type { Result } from './read-results.ts';

export interface BestRun {
  readonly result: Result;
  /** Runs that it is the best of. */
  readonly runs: number;
  readonly notRun: readonly { readonly learning_rate: number; readonly epochs: number }[];
}

export interface ModelResults {
  readonly name: string;
  readonly weights: string;
  /** Undefined for a task that was not run. */
  readonly tasks: Readonly<Record<TaskName, BestRun | undefined>>;
}

/** Models in the order of their first result. */
export function bestRuns(results: readonly Result[]): ModelResults[] {
  const models = new Map(results.map(({ model }) => [`${model.name} ${model.weights}`, model]));
  return [...models.values()].map(({ name, weights }) => {
    const own = results.filter(({ model }) => model.name === name && model.weights === weights);
    const best = (task: TaskName) => bestOf(own.filter((result) => result.task === task));
    return {
      name,
      weights,
      tasks: Object.fromEntries(taskNames.map((task) => [task, best(task)])) as ModelResults['tasks'],
    };
  });
}

function bestOf(runs: readonly Result[]): BestRun | undefined {
  const [first] = runs;
  if (first === undefined) return undefined;
  const result = runs.reduce((best, run) => (score(run) > score(best) ? run : best), first);
  const notRun = publishedGrid.learningRates.flatMap((learning_rate) =>
    publishedGrid.epochs
      .filter((epochs) => !runs.some((run) => run.learning_rate === learning_rate && run.epochs === epochs))
      .map((epochs) => ({ learning_rate, epochs })),
  );
  return { result, runs: runs.length, notRun };
}

/** An undefined metric is worse than any. */
function score({ task, dev }: Result): number {
  return dev[tasks[task].metrics[0]!] ?? Number.NEGATIVE_INFINITY;
}

/** A part's metrics in the order of the task's; null where one is not defined. Undefined without any. */
export function scoresOf(run: BestRun | undefined, part: 'dev' | 'test'): readonly (number | null)[] | undefined {
  const scores = run?.result[part];
  if (scores === undefined) return undefined;
  const values = tasks[run!.result.task].metrics.map((metric) => scores[metric]);
  return values.every((value) => value === undefined) ? undefined : values.map((value) => value ?? null);
}
