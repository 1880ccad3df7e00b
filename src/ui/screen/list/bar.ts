import { colours } from '../../palette.ts';
import { type Counts, isFinished } from '../../state/run-state.ts';
import type { Span } from '../spans.ts';
import type { Row } from './rows.ts';

/** How much of a stage or instance is done, by how it went, in `width` cells. */
export function barSpans(row: Row, width: number): Span[] {
  const { group, instance } = row;
  const counts = instance ? undefined : group.counts;
  const total = counts ? group.instances.length : 1;
  const done = instance ? instanceParts(row) : groupParts(group.counts, group.done);
  let start = 0;
  let used = 0;
  const spans = done.map(({ part, colour }): Span => {
    start += part;
    const end = Math.max(used, Math.min(width, Math.round((start / total) * width)));
    const cells = end - used;
    used = end;
    return { text: '━'.repeat(cells), colour };
  });
  return [...spans, { text: '─'.repeat(width - used), dim: true }];
}

function groupParts(counts: Counts, done: number) {
  const { cached, built, shared, failed, cancelled, skipped } = counts;
  const running = done - (cached + built + shared + failed + cancelled + skipped);
  return [
    { part: cached, colour: colours.cached },
    { part: built + shared, colour: colours.built },
    { part: running, colour: colours.running },
    { part: failed, colour: colours.failed },
  ];
}

function instanceParts({ instance }: Row) {
  const { status, progress } = instance!;
  if (isFinished(status) && !progress?.total)
    return status === 'skipped' || status === 'cancelled' ? [] : [{ part: 1, colour: colours[status] }];
  const part = ['built', 'shared', 'cached'].includes(status)
    ? 1
    : (progress?.done ?? 0) / (progress?.total ?? Infinity);
  return [{ part: Math.min(1, part), colour: colours[status] }];
}
