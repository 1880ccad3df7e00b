import { styleText } from 'node:util';
import { render } from 'ink';
import { EngineDied } from '../follow-events.ts';
import { wantsColour } from '../plain-reporter.ts';
import type { Shown, ShowRunOptions } from '../show-run.ts';
import { summaryLines } from '../summary.ts';
import { alternateScreen } from './alternate-screen.ts';
import { startFeed } from './run-feed.ts';
import { RunScreen } from './run-screen.tsx';

/** See `showRun`. */
export async function drawRun(runDirectory: string, { stdin, stdout, send }: ShowRunOptions): Promise<Shown> {
  const following = new AbortController();
  const leave = () => following.abort();
  const feed = startFeed(runDirectory, { signal: following.signal });
  const signals = ['SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, leave);
  const screen = alternateScreen(stdout);
  const ink = render(<RunScreen feed={feed} send={send} leave={leave} />, {
    stdin,
    stdout: screen.stdout,
    exitOnCtrlC: false,
    debug: true, // hands over whole frames, which the screen compares
  });
  const died = await feed.ended
    .then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof EngineDied) return error;
        throw error;
      },
    )
    .finally(() => {
      ink.unmount();
      screen.close();
      for (const signal of signals) process.off(signal, leave);
    });
  const colour = wantsColour(stdout, process.env);
  for (const line of summaryLines(feed.state))
    stdout.write(`${colour && line.colour ? styleText(line.colour, line.text) : line.text}\n`);
  if (died) return { end: 'engine-died', message: died.message };
  return feed.state.finished ? { end: 'finished', exitCode: feed.state.finished.exitCode } : { end: 'left' };
}
