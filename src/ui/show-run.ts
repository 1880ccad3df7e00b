import type { ControlRequest } from '../run/events.ts';

export interface ShowRunOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  send(request: ControlRequest): void;
}

/** How the screen was closed: the run ended; it goes on without the screen; its engine is gone. */
export type Shown =
  | { readonly end: 'finished'; readonly exitCode: number }
  | { readonly end: 'left' }
  | { readonly end: 'engine-died'; readonly message: string };

/**
 * Shows a run on a terminal until it ends or the person leaves; then a plain summary stays on the terminal. It only
 * reads the run's events: the engine is another process, which `send` reaches. Ink and React are loaded here, not before.
 */
export async function showRun(runDirectory: string, options: ShowRunOptions): Promise<Shown> {
  process.env.NODE_ENV ??= 'production'; // React's development build takes several times as long
  const { drawRun } = await import('./screen/draw-run.tsx');
  return drawRun(runDirectory, options);
}
