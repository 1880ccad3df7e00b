/** Marks and colours of statuses, the same on every screen. */
import type { Status } from './state/run-state.ts';

export type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'blue' | 'magenta' | 'gray';

export const marks: Readonly<Record<Status, string>> = {
  pending: '·',
  waiting: '‖',
  running: '●',
  retrying: '↻',
  built: '✓',
  shared: '✓',
  cached: '✓',
  failed: '✗',
  cancelled: '◌',
  skipped: '–',
};

export const colours: Readonly<Record<Status, Colour>> = {
  pending: 'gray',
  waiting: 'yellow',
  running: 'cyan',
  retrying: 'yellow',
  built: 'green',
  shared: 'green',
  cached: 'gray',
  failed: 'red',
  cancelled: 'yellow',
  skipped: 'gray',
};
