import { useEffect, useMemo, useState } from 'react';
import type { RunState } from '../state/run-state.ts';
import { logTail } from './detail/log-tail.ts';
import type { Size } from './use-terminal-size.ts';

/** All that changes on the screen by itself, at one moment. */
export interface Frame {
  readonly state: RunState;
  readonly now: number;
}

/**
 * Drawing is what a screen costs, and ink draws cell by cell, so a large window is drawn once a second, as its clocks tick; any other
 * twice. Keys are answered at once all the same.
 */
function frameMs({ columns, rows }: Size): number {
  return columns * rows > 6_000 ? 1_000 : 500;
}

/** The newest frame of a run: looks now and then, and draws only when something came or a running clock ticked. */
export function useFrame(feed: { readonly state: RunState }, size: Size): Frame {
  const everyMs = frameMs(size);
  const [frame, setFrame] = useState(() => ({ state: feed.state, now: Date.now() }));
  useEffect(() => {
    const timer = setInterval(() => {
      const now = Date.now();
      setFrame((last) => (feed.state === last.state && !hasTicked(last, now) ? last : { state: feed.state, now }));
    }, everyMs);
    return () => clearInterval(timer);
  }, [feed, everyMs]);
  return frame;
}

/** The end of a log, looked at whenever something is drawn: while its stage runs that is every second at least. */
export function useLogTail(path: string | undefined, bytes: number): readonly string[] {
  return useMemo(() => logTail(path, bytes), [path, bytes]).read();
}

function hasTicked({ state: { counts }, now: last }: Frame, now: number): boolean {
  return counts.running + counts.retrying > 0 && Math.floor(now / 1000) !== Math.floor(last / 1000);
}
