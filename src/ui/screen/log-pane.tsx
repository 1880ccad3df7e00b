import { logLines, ruleLine } from './detail-lines.ts';
import { Lines } from './lines.tsx';

interface LogPaneProps {
  readonly title: string;
  readonly path: string;
  readonly log: readonly string[];
  /** Lines below the window. */
  readonly scroll: number;
  readonly width: number;
  readonly height: number;
}

/** A log on the whole screen. */
export function LogPane({ title, path, log, scroll, width, height }: LogPaneProps) {
  const shown = logLines(scroll > 0 ? log.slice(0, -scroll) : log, height - 1);
  const place = scroll > 0 ? `${scroll.toLocaleString('en')} lines below · ${path}` : path;
  return <Lines lines={[ruleLine(`log of ${title}`, place, width), ...shown]} width={width} height={height} />;
}

/** How far the log can be scrolled up. */
export function scrollLimit(log: readonly string[], height: number): number {
  return Math.max(0, log.length - (height - 1));
}
