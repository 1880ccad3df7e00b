import { formatWhole } from '../../quantity.ts';
import { Lines } from '../lines.tsx';
import { logLines, ruleLine } from './detail-lines.ts';

interface LogPaneProps {
  readonly title: string;
  readonly path: string;
  readonly log: readonly string[];
  /** Lines below the window. */
  readonly below: number;
  readonly width: number;
  readonly height: number;
}

/** A log on the whole screen. */
export function LogPane({ title, path, log, below, width, height }: LogPaneProps) {
  const shown = logLines(below > 0 ? log.slice(0, -below) : log, height - 1);
  const place = below > 0 ? `${formatWhole(below)} below · ${path}` : path;
  return <Lines lines={[ruleLine(`log of ${title}`, place, width), ...shown]} width={width} height={height} />;
}
