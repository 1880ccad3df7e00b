/** The pane below the list: why the selected instance is where it is, its metrics, and the end of its log. */

import { colours } from '../../palette.ts';
import { formatBytes, formatCount, formatValue } from '../../quantity.ts';
import { type InstanceState, isFinished, type RunState, stageOf } from '../../state/run-state.ts';
import { textWidth, truncateStart, wrapWidth } from '../../text-width.ts';
import type { Row } from '../list/rows.ts';
import { cell, type Span, spansWidth } from '../spans.ts';
import { sparkline } from './sparkline.ts';

type Lines = readonly (readonly Span[])[];

export interface Detail {
  readonly row: Row;
  readonly instance: InstanceState;
  readonly state: RunState;
  readonly log: readonly string[];
}

const mostReasonLines = 4;
const mostMetrics = 6;

/** At most `height` lines of at most `width` cells. The log gets what the others leave, but half of it at least. */
export function detailLines({ row, instance, state, log }: Detail, width: number, height: number): Lines {
  const title = ruleLine(titleText(row, instance), factsText(instance), width);
  const room = height - 1;
  const reasons = [...reasonLines(instance, state, width), ...warningLines(instance, state, width)].slice(
    0,
    mostReasonLines,
  );
  const metrics = metricLines(instance, width).slice(0, Math.min(mostMetrics, Math.max(1, Math.floor(room / 2))));
  const above = [...reasons, ...metrics].slice(0, room);
  return [title, ...above, ...logLines(log, room - above.length)];
}

/** `── left ─────────── right ──`. */
export function ruleLine(left: string, right: string, width: number): Span[] {
  const end: Span[] = right
    ? [
        { text: ` ${truncateStart(right, Math.max(0, width - 12))} `, dim: true },
        { text: '─', dim: true },
      ]
    : [];
  const name = cell(left, Math.min(textWidth(left), Math.max(0, width - spansWidth(end) - 5)));
  const start: Span[] = [
    { text: '── ', dim: true },
    { text: `${name} `, bold: true },
  ];
  const rule = '─'.repeat(Math.max(0, width - spansWidth(start) - spansWidth(end)));
  return [...start, { text: rule, dim: true }, ...end];
}

export function logLines(lines: readonly string[], height: number): Lines {
  return height <= 0 ? [] : lines.slice(-height).map((text) => [{ text }]);
}

function titleText({ instance: own, group: { counts } }: Row, { id }: InstanceState): string {
  return own || counts.running < 2 ? id : `${id} and ${counts.running - 1} more running`;
}

function factsText({ attempt, pid, status, peakMemory, resumed }: InstanceState): string {
  const facts = [
    resumed && 'continued',
    attempt !== undefined && attempt > 1 && `attempt ${attempt}`,
    status === 'running' && (pid === undefined ? 'on the cluster' : `pid ${pid}`),
    peakMemory !== undefined && `peak ${formatBytes(peakMemory)}`,
  ];
  return facts.filter(Boolean).join(' · ');
}

function reasonLines(instance: InstanceState, state: RunState, width: number): Lines {
  const text = reasonText(instance, state);
  const colour = colours[instance.failure ? 'failed' : instance.status];
  return text === undefined ? [] : wrapWidth(text, width).map((line) => [{ text: line, colour }]);
}

/** The last thing that the instance was warned about. */
function warningLines({ id }: InstanceState, { warnings }: RunState, width: number): Lines {
  const last = warnings.findLast(({ instance }) => instance === id);
  if (!last) return [];
  return wrapWidth(`! ${last.message}`, width).map((line) => [{ text: line, colour: 'yellow' }]);
}

function reasonText({ id, status, failure, holder, because }: InstanceState, state: RunState): string | undefined {
  if (status === 'pending') return pendingText(stageOf(id), state);
  if (status === 'waiting' && holder) return `waits for pid ${holder.pid}@${holder.host}, which builds the same`;
  if (status === 'skipped') return because ? `skipped because of ${because}` : 'skipped';
  return status === 'failed' || status === 'retrying' ? failure?.message : undefined;
}

function pendingText(stage: string, { started, groups }: RunState): string {
  const needed = new Set(started?.edges.filter(([, to]) => to === stage).map(([from]) => from));
  const open = groups.filter(
    ({ stage: name, instances }) => needed.has(name) && !instances.every(({ status }) => isFinished(status)),
  );
  return open.length > 0 ? `needs ${open.map(({ stage: name }) => name).join(', ')}` : 'ready, waits for its turn';
}

function metricLines({ metrics }: InstanceState, width: number): Lines {
  const named = Object.entries(metrics);
  const widest = Math.min(24, Math.max(0, ...named.map(([name]) => textWidth(name))));
  return named.map(([name, { values, last, step }]) => {
    const value = cell(formatValue(last), 9, 'right');
    const at = step === undefined || width < 50 ? '' : `  step ${formatCount(step)}`;
    const room = width - widest - value.length - at.length - 4;
    return [
      { text: cell(name, widest), dim: true },
      { text: ` ${value}  ` },
      { text: room > 3 ? sparkline(values, Math.min(room, 60)) : '', colour: 'magenta' },
      { text: at, dim: true },
    ];
  });
}
