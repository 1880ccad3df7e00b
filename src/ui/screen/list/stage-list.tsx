import { useRef } from 'react';
import { Lines } from '../lines.tsx';
import { listColumns } from './columns.ts';
import { headingSpans, rowSpans } from './row-spans.ts';
import type { Rows } from './rows.ts';

interface StageListProps {
  readonly rows: Rows;
  readonly selected: number;
  readonly now: number;
  readonly width: number;
  readonly height: number;
}

/** The stages as a tree, as much of it as the window shows; its first line names the columns where there is room. */
export function StageList({ rows, selected, now, width, height }: StageListProps) {
  const heading = height >= 6;
  const window = Math.max(0, heading ? height - 1 : height);
  const top = useWindowTop(selected, window, rows.count);
  const visible = Array.from({ length: Math.min(window, rows.count - top) }, (_, line) => rows.at(top + line)!);
  const shown = rows.count > visible.length ? `rows ${top + 1}–${top + visible.length} of ${rows.count}` : 'stage';
  const columns = listColumns(width - 2, rows.widest);
  const lines = visible.map((row, line) => rowSpans(row, columns, top + line === selected, now));
  return <Lines lines={heading ? [headingSpans(columns, shown), ...lines] : lines} width={width} height={height} />;
}

/** Moves the window only as far as it must to keep the cursor in it. */
function useWindowTop(selected: number, height: number, count: number): number {
  const top = useRef(0);
  top.current = Math.min(Math.max(top.current, selected - height + 1), selected, Math.max(0, count - height));
  return Math.max(0, top.current);
}
