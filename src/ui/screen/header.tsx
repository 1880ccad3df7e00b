import { runTitle } from '../lines/summary.ts';
import { movedText } from '../moved-text.ts';
import { colours, marks } from '../palette.ts';
import { formatAmount, formatClock, formatPercent, formatWhole } from '../quantity.ts';
import { instanceCount, type RunState } from '../state/run-state.ts';
import { Lines } from './lines.tsx';
import { type Span, spread } from './spans.ts';
import type { Frame } from './use-frame.ts';

/** What runs, how far it is, and the pools in use: two lines, or one where there is no room. */
export function Header({
  frame: { state, now },
  width,
  lines,
}: {
  readonly frame: Frame;
  readonly width: number;
  readonly lines: 1 | 2;
}) {
  const shown = [
    spread(titleSpans(state), howFarSpans(state, now), width),
    spread([...poolSpans(state), ...movingSpans(state)], countSpans(state), width),
  ];
  return <Lines lines={shown} width={width} height={lines} />;
}

function titleSpans(state: RunState): Span[] {
  return [
    { text: ' kumiki ', colour: 'cyan', bold: true },
    { text: runTitle(state), bold: true },
    { text: `  ${state.started?.run ?? 'starting'}`, dim: true },
    ...(state.waitsFor === undefined ? [] : [{ text: `  waits for ${state.waitsFor}`, colour: 'yellow' } as const]),
  ];
}

function howFarSpans(state: RunState, now: number): Span[] {
  const done = state.groups.reduce((sum, group) => sum + group.done, 0);
  const total = instanceCount(state.counts);
  const stopping: Span[] = state.interrupted > 0 ? [{ text: 'stopping  ', colour: 'yellow', bold: true }] : [];
  if (total === 0) return stopping;
  return [
    ...stopping,
    { text: formatPercent(done / total), bold: true },
    { text: `  ${formatClock(Math.max(0, now - state.startedAt) / 1000)} ` },
  ];
}

function poolSpans({ started, inUse }: RunState): Span[] {
  return Object.entries(started?.limits ?? {}).flatMap(([pool, limit]): Span[] => [
    { text: ` ${pool} `, dim: true },
    { text: formatAmount(pool, inUse[pool] ?? 0) },
    { text: `/${formatAmount(pool, limit)} `, dim: true },
  ]);
}

/** `↑ 3 of 8 results · 20 MiB of 53 MiB · 4 MiB/s · 8s left`, while anything moves. */
function movingSpans({ moving: { pulled, pushed }, finished }: RunState): Span[] {
  if (finished) return [];
  return [
    ...(pulled ? [{ text: ` ↓ ${movedText(pulled)} `, colour: 'cyan' } as const] : []),
    ...(pushed ? [{ text: ` ↑ ${movedText(pushed)} `, colour: 'cyan' } as const] : []),
  ];
}

function countSpans({ counts, warnings }: RunState): Span[] {
  const done = counts.built + counts.shared + counts.cached;
  const told = (['running', 'retrying', 'waiting', 'failed', 'cancelled', 'skipped', 'pending'] as const).filter(
    (status) => counts[status] > 0,
  );
  return [
    ...(warnings.length > 0 ? [{ text: ` ! ${warnings.length} `, colour: 'yellow' } as const] : []),
    ...(done > 0 ? [{ text: `${marks.built} ${formatWhole(done)} `, colour: 'green' } as const] : []),
    ...told.map(
      (status): Span => ({
        text: ` ${marks[status]} ${formatWhole(counts[status])} `,
        colour: colours[status],
      }),
    ),
  ];
}
