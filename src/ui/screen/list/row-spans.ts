/** A row of the list, cut to its columns. */
import type { Failure } from '../../../run/events.ts';
import { progressText } from '../../lines/plain-lines.ts';
import { type Colour, colours, marks } from '../../palette.ts';
import { formatBytes, formatClock, formatCount, formatDuration, formatRate } from '../../quantity.ts';
import type { GroupState, InstanceState, ProgressState, Status } from '../../state/run-state.ts';
import { groupSecondsLeft, secondsLeft } from '../../state/time-left.ts';
import { cell, fitSpans, type Span } from '../spans.ts';
import { barSpans } from './bar.ts';
import type { Columns } from './columns.ts';
import type { Row } from './rows.ts';

/** `stages` names the first column. */
export function headingSpans(columns: Columns, stages: string): Span[] {
  const { name, bar, amount, rate, elapsed, left } = columns;
  const labels = [
    cell(`  ${stages}`, name + 2),
    bar && cell('', bar),
    amount && cell('done', amount),
    rate && cell('rate', rate, 'right'),
    elapsed && cell('elapsed', elapsed, 'right'),
    left && cell('left', left, 'right'),
  ];
  return [{ text: labels.filter(Boolean).join(' '), dim: true }];
}

export function rowSpans(row: Row, columns: Columns, selected: boolean, now: number): Span[] {
  const { instance, group } = row;
  const colour = colours[rowStatus(row)];
  const column = (width: number, spans: readonly Span[]): Span[] =>
    width ? [{ text: ' ' }, ...fitSpans(spans, width)] : [];
  const right = (width: number, text: string): Span[] => (width ? [{ text: ` ${cell(text, width, 'right')}` }] : []);
  const left = instance ? secondsLeft(instance, now) : groupSecondsLeft(group, now);
  return [
    selected ? { text: '❯ ', colour: 'cyan', bold: true } : { text: '  ' },
    ...fitSpans(nameSpans(row, colour, selected), columns.name),
    ...column(columns.bar, barSpans(row, columns.bar)),
    ...column(columns.amount, instance ? instanceAmount(instance, columns.amount, now) : groupAmount(group)),
    ...right(columns.rate, instance ? instanceRate(instance) : groupRate(group, now)),
    ...right(columns.elapsed, instance ? instanceElapsed(instance, now) : groupElapsed(group, now)),
    ...right(columns.left, left === undefined ? '' : formatClock(left)),
  ];
}

/** One word for many: what wants attention first. */
export function rowStatus({ group: { counts }, instance }: Row): Status {
  if (instance) return instance.status;
  for (const status of [
    'running',
    'retrying',
    'failed',
    'waiting',
    'pending',
    'cancelled',
    'skipped',
    'built',
    'shared',
  ] as const)
    if (counts[status] > 0) return status;
  return 'cached';
}

function nameSpans(row: Row, colour: Colour, selected: boolean): Span[] {
  const { branch, name, fold, group } = row;
  return [
    { text: branch, dim: true },
    { text: `${marks[rowStatus(row)]} `, colour },
    selected ? { text: name, bold: true } : { text: name },
    ...(fold
      ? [{ text: ` ${fold === 'folded' ? '▸' : '▾'}${formatCount(group.instances.length)}`, dim: true } as const]
      : []),
  ];
}

function groupAmount({ counts, instances }: GroupState): Span[] {
  if (counts.cached === instances.length) return [{ text: 'cached', colour: 'gray' }];
  const told = (['running', 'retrying', 'waiting', 'failed', 'cancelled', 'skipped'] as const).filter(
    (status) => counts[status] > 0,
  );
  return [
    { text: `${counts.built + counts.shared + counts.cached}/${instances.length}` },
    ...told.map((status): Span => ({ text: ` ${marks[status]}${counts[status]}`, colour: colours[status] })),
  ];
}

function instanceAmount(instance: InstanceState, width: number, now: number): Span[] {
  const { status, progress, failure, size, retryAt = now, holder, attempt = 1 } = instance;
  const colour = colours[status];
  switch (status) {
    case 'pending':
      return [];
    case 'waiting':
      return [{ text: holder ? `waits for ${holder.pid}` : 'waits', colour }];
    case 'running': {
      const again: Span[] = attempt > 1 ? [{ text: `#${attempt} `, colour: 'yellow' }] : [];
      return [...again, progress ? { text: shortProgress(progress, width) } : { text: 'running', colour }];
    }
    case 'retrying':
      return [{ text: `again in ${formatClock(Math.max(0, retryAt - now) / 1000)}`, colour }];
    case 'built':
      return [{ text: size === undefined ? 'built' : `built ${formatBytes(size)}`, colour }];
    case 'failed':
      return [{ text: failure ? failureWord(failure) : 'failed', colour }];
    default:
      return [{ text: status, colour }];
  }
}

/** Without its unit where that does not fit. */
function shortProgress(progress: ProgressState, width: number): string {
  const text = progressText(progress);
  return text.length > width ? text.slice(0, -progress.unit.length - 1) : text;
}

function failureWord({ reason, exitCode, signal }: Failure): string {
  if (reason === 'exit' && exitCode !== undefined) return `exit ${exitCode}`;
  return reason === 'signal' && signal ? signal : reason;
}

function instanceRate({ status, progress }: InstanceState): string {
  return status === 'running' && progress?.rate !== undefined ? formatRate(progress.rate) : '';
}

function groupRate({ counts, worked, startedAt }: GroupState, now: number): string {
  if (counts.running === 0 || startedAt === undefined || worked <= 0 || now <= startedAt) return '';
  return formatRate(worked / ((now - startedAt) / 1000));
}

function instanceElapsed({ status, startedAt, seconds }: InstanceState, now: number): string {
  if (status === 'running' && startedAt !== undefined) return formatClock(Math.max(0, now - startedAt) / 1000);
  return seconds === undefined ? '' : formatDuration(seconds);
}

function groupElapsed({ startedAt, finishedAt }: GroupState, now: number): string {
  if (startedAt === undefined) return '';
  return finishedAt === undefined
    ? formatClock(Math.max(0, now - startedAt) / 1000)
    : formatDuration((finishedAt - startedAt) / 1000);
}
