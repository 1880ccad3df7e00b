/** How a run ended, in a few lines. */
import { basename, isAbsolute, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { wordsToContinue } from '../../run/words-to-continue.ts';
import { shellQuote } from '../../shell-quote.ts';
import type { Colour } from '../palette.ts';
import { formatDuration, formatWhole } from '../quantity.ts';
import { finishedStatuses, type InstanceState, type RunState } from '../state/run-state.ts';

export interface SummaryLine {
  readonly text: string;
  readonly colour?: Colour;
}

export type FailedInstance = Pick<InstanceState, 'id' | 'failure' | 'log'>;

/** What the summary tells: of a state by `summaryOf`, or gathered event by event by a tally. */
export interface RunSummary
  extends Pick<RunState, 'started' | 'startedAt' | 'time' | 'counts' | 'conclusions' | 'published' | 'finished'> {
  readonly failed: readonly FailedInstance[];
}

export function summaryOf(state: RunState): RunSummary {
  const failed = state.groups.flatMap(({ counts, instances }) =>
    counts.failed > 0 ? instances.filter(({ status }) => status === 'failed') : [],
  );
  return { ...state, failed };
}

const shownFailures = 5;
const shownWarnings = 5;
const shownPublications = 8;
const shownConclusionLines = 60;

export function summaryLines(summary: RunSummary): SummaryLine[] {
  return [
    headline(summary),
    ...failureLines(summary),
    ...conclusionLines(summary),
    ...publishedLines(summary),
    ...nextLines(summary),
  ];
}

/** As `summaryLines`, with the warnings that a screen took away with it. */
export function screenSummaryLines(state: RunState): SummaryLine[] {
  const [first, ...rest] = summaryLines(summaryOf(state));
  return [first!, ...warningLines(state), ...rest];
}

/** What people call the run: the name they gave it, the workflow's, or else its file's. */
export function runTitle({ started }: Pick<RunState, 'started'>): string {
  return started?.name ?? started?.title ?? basename(started?.workflow ?? 'run').replace(/\.ya?ml$/, '');
}

function headline(summary: RunSummary): SummaryLine {
  const title = runTitle(summary);
  const seconds = formatDuration((summary.time - summary.startedAt) / 1000);
  const told = finishedStatuses
    .filter((status) => summary.counts[status] > 0)
    .map((status) => `${formatWhole(summary.counts[status])} ${status}`)
    .join(', ');
  const counts = told && ` · ${told}`;
  switch (summary.finished?.outcome) {
    case 'done':
      return { text: `✓ ${title} done in ${seconds}${counts}`, colour: 'green' };
    case 'interrupted':
      return { text: `◌ ${title} interrupted after ${seconds}${counts}`, colour: 'yellow' };
    case 'failed':
      return { text: `✗ ${title} failed after ${seconds}${counts}`, colour: 'red' };
    default:
      return { text: `● ${title} goes on, ${seconds} so far${counts}`, colour: 'cyan' };
  }
}

function failureLines({ failed }: RunSummary): SummaryLine[] {
  const more = failed.length - shownFailures;
  return [
    ...failed.slice(0, shownFailures).flatMap(failureOf),
    ...(more > 0 ? [{ text: `  … and ${formatWhole(more)} more` }] : []),
  ];
}

function warningLines({ warnings }: RunState): SummaryLine[] {
  const more = warnings.length - shownWarnings;
  return [
    ...warnings.slice(0, shownWarnings).map(({ instance, message }) => ({
      text: `  ! ${instance === undefined ? '' : `${instance}: `}${message}`,
      colour: 'yellow' as const,
    })),
    ...(more > 0 ? [{ text: `  … and ${formatWhole(more)} more warnings` }] : []),
  ];
}

function failureOf({ id, failure, log }: FailedInstance): SummaryLine[] {
  const message = { text: `  ✗ ${id}: ${failure?.message ?? 'failed'}`, colour: 'red' as const };
  return log ? [message, { text: `      log: ${log}`, colour: 'gray' }] : [message];
}

function conclusionLines({ conclusions }: RunSummary): SummaryLine[] {
  const lines = Object.values(conclusions).flatMap((text) => ['', ...text.trimEnd().split('\n')]);
  if (lines.length === 0) return [];
  const rest = lines.length - shownConclusionLines;
  const shown = lines
    .slice(0, shownConclusionLines)
    .map((line) => ({ text: stripVTControlCharacters(`  ${line}`).trimEnd() }));
  return [...shown, ...(rest > 0 ? [{ text: `  … and ${formatWhole(rest)} lines more` }] : []), { text: '' }];
}

function publishedLines({ published }: RunSummary): SummaryLine[] {
  if (published.length === 0) return [];
  const rest = published.length - shownPublications;
  const names = published.slice(0, shownPublications).join(', ');
  return [{ text: `  published ${names}${rest > 0 ? ` and ${rest} more` : ''}` }];
}

/** What to do next. A run that had nothing to do needs nothing. */
function nextLines({ started, finished, counts }: RunSummary): SummaryLine[] {
  if (!started) return [];
  const workflow = isAbsolute(started.workflow) ? relative(started.root, started.workflow) : started.workflow;
  if (finished?.outcome === 'done') {
    const next = [
      `on one page: kumiki report ${started.run}`,
      'where a result is from: kumiki explain STAGE',
      `with another value: kumiki run ${workflow} --set params.NAME=VALUE`,
    ];
    return counts.built > 0 ? next.map((text) => ({ text: `  ${text}`, colour: 'gray' })) : [];
  }
  if (!finished) return [{ text: `  To come back to it: kumiki watch ${started.run}`, colour: 'gray' }];
  const asked = wordsToContinue(started.arguments).map(shellQuote).join(' ');
  return [{ text: `  What is done is kept. To continue: kumiki ${asked || `run ${workflow}`}`, colour: 'gray' }];
}
