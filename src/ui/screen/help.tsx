import { ruleLine } from './detail/detail-lines.ts';
import { Lines } from './lines.tsx';
import type { Span } from './spans.ts';

const keys = [
  ['↑ ↓  j k', 'move; PgUp PgDn, g G for more'],
  ['space, enter', 'fold or unfold a stage; also ← →'],
  ['l, tab', 'the log on the whole screen, and back'],
  ['f', 'to the next failed one'],
  ['r', 'run what failed here again'],
  ['c', 'cancel what runs here'],
  ['q', 'leave; the run goes on (kumiki watch comes back)'],
  ['Ctrl-C', 'stop: start nothing new; again: stop now'],
  ['esc', 'back to the list'],
] as const;

export function Help({ width, height }: { readonly width: number; readonly height: number }) {
  const lines = keys.map(([key, what]): Span[] => [{ text: ` ${key.padEnd(13)}`, bold: true }, { text: what }]);
  return <Lines lines={[ruleLine('keys', '', width), ...lines]} width={width} height={height} />;
}
