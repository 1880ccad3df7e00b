/** The model card of a published copy: the stage's own card, with what only the workflow knows, in the form of the Hugging Face hub. */
import { stringify } from 'yaml';
import { tableCell } from './table-cell.ts';

/** A result among those that the model was made from. */
export interface Step {
  readonly instance: string;
  readonly stage: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, { readonly digest: string }>>;
  readonly seconds: number;
  readonly version: string;
  readonly commit: string | undefined;
}

/** The metrics of a fine-tuned model on the development set of one of JGLUE's tasks. */
export interface Evaluation {
  /** As in papers. */
  readonly task: string;
  readonly kind: 'classification' | 'regression' | 'choice' | 'span';
  readonly learningRate: number;
  readonly epochs: number;
  /** Those that the task is published with, the one that a best run is chosen by first. */
  readonly metrics: Readonly<Record<string, number>>;
}

const datasets: readonly (readonly [stage: string, parameter: RegExp, dataset: string])[] = [
  ['download', /cc-?100/i, 'cc100'],
  ['download', /wiki/i, 'wikipedia'],
  ['wikipedia-corpus', /(?:)/, 'wikipedia'],
];

export function publishedCard(
  card: string,
  name: string,
  steps: readonly Step[],
  evaluations: readonly Evaluation[],
): string {
  const best = bestOfEachTask(evaluations);
  const sections = [
    `---\n${stringify(frontMatter(name, steps, best))}---`,
    card.trimEnd(),
    ...(best.length > 0 ? [`## Results on JGLUE\n\n${resultTable(best)}`] : []),
    `## How it was made\n\n${stepTable(steps)}\n\n\`provenance.json\` holds all inputs and digests.`,
  ];
  return `${sections.join('\n\n')}\n`;
}

/** As the hub names what a task asks for (https://huggingface.co/tasks). */
const hubTasks: Readonly<Record<Evaluation['kind'], string>> = {
  classification: 'text-classification',
  regression: 'sentence-similarity',
  choice: 'multiple-choice',
  span: 'question-answering',
};

/** As the hub names metrics, where JGLUE's name is another (https://huggingface.co/evaluate-metric). */
const hubMetrics: Readonly<Record<string, string>> = { em: 'exact_match', pearson: 'pearsonr' };

const hubMetric = (name: string) => hubMetrics[name] ?? name;

/** https://huggingface.co/docs/hub/model-cards#model-card-metadata */
function frontMatter(name: string, steps: readonly Step[], best: readonly Evaluation[]): object {
  const used = datasets
    .filter(([stage, parameter]) =>
      steps.some((step) => step.stage === stage && parameter.test(JSON.stringify(step.parameters))),
    )
    .map(([, , dataset]) => dataset);
  const metrics = [...new Set(best.flatMap(({ metrics }) => Object.keys(metrics).map(hubMetric)))];
  return {
    language: 'ja',
    license: 'apache-2.0',
    library_name: 'transformers',
    pipeline_tag: 'fill-mask',
    ...(used.length > 0 && { datasets: [...new Set(used)] }),
    ...(metrics.length > 0 && { metrics }),
    ...(best.length > 0 && { 'model-index': [{ name, results: best.map(indexEntry) }] }),
  };
}

function indexEntry({ task, kind, metrics }: Evaluation): object {
  return {
    task: { type: hubTasks[kind], name: task },
    dataset: { type: 'JGLUE', name: `JGLUE ${task}`, split: 'validation' },
    metrics: Object.entries(metrics).map(([name, value]) => ({ type: hubMetric(name), value })),
  };
}

/** By the first metric, as the published results were chosen; tasks in the order that they come in. */
function bestOfEachTask(evaluations: readonly Evaluation[]): Evaluation[] {
  const best = new Map<string, Evaluation>();
  const score = ({ metrics }: Evaluation) => Object.values(metrics)[0] ?? Number.NEGATIVE_INFINITY;
  for (const evaluation of evaluations) {
    const known = best.get(evaluation.task);
    if (known === undefined || score(evaluation) > score(known)) best.set(evaluation.task, evaluation);
  }
  return [...best.values()];
}

function resultTable(best: readonly Evaluation[]): string {
  const rows = best.map(({ task, metrics, learningRate, epochs }) => {
    const values = Object.entries(metrics).map(([metric, value]) => `${metric} ${value.toFixed(3)}`);
    return `| ${task} | ${values.join(', ')} | ${learningRate.toExponential()} | ${epochs} |`;
  });
  return [
    'On the development sets, the best run of each task:',
    '',
    '| task | result | learning rate | epochs |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The last step at the end. */
function stepTable(steps: readonly Step[]): string {
  const rows = steps.toReversed().map(({ instance, stage, parameters, outputs, seconds, version, commit }) => {
    const stated = Object.entries(parameters).filter(([, value]) => value !== null);
    const settings = stated.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
    const digests = Object.entries(outputs).map(([name, { digest }]) => `${name} \`${digest.slice(0, 19)}\``);
    const cells = [
      instance,
      stage ?? 'script',
      settings,
      digests.join(', '),
      commit?.slice(0, 12) ?? `kumiki ${version}`,
      (seconds / 3600).toFixed(seconds < 360 ? 4 : 2),
    ];
    return `| ${cells.map(tableCell).join(' | ')} |`;
  });
  return ['| step | stage | parameters | outputs | commit | hours |', '|---|---|---|---|---|---|', ...rows].join('\n');
}
