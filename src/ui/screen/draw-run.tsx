import { styleText } from 'node:util';
import { render } from 'ink';
import { EngineDied } from '../follow-events.ts';
import { wantsColour } from '../lines/plain-reporter.ts';
import { type SummaryLine, screenSummaryLines } from '../lines/summary.ts';
import type { Shown, ShowRunOptions } from '../show-run.ts';
import { alternateScreen } from './alternate-screen.ts';
import { ColourContext } from './lines.tsx';
import { startFeed } from './run-feed.ts';
import { RunScreen } from './run-screen.tsx';

/** See `showRun`. */
export async function drawRun(runDirectory: string, { stdin, stdout, send }: ShowRunOptions): Promise<Shown> {
  const following = new AbortController();
  const leave = () => following.abort();
  const feed = startFeed(runDirectory, { signal: following.signal });
  const signals = ['SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, leave);
  const coloured = wantsColour(stdout, process.env);
  const screen = alternateScreen(stdout);
  const element = (
    <ColourContext value={coloured}>
      <RunScreen feed={feed} send={send} leave={leave} />
    </ColourContext>
  );
  const ink = render(element, {
    stdin,
    stdout: screen.stdout,
    exitOnCtrlC: false,
    debug: true, // hands over whole frames, which the screen compares
  });
  const died = await deathOf(feed.ended).finally(() => {
    ink.unmount();
    screen.close();
    for (const signal of signals) process.off(signal, leave);
  });
  const lines: SummaryLine[] = died ? [{ text: `✗ ${died.message}`, colour: 'red' }] : screenSummaryLines(feed.state);
  for (const { text, colour } of lines)
    stdout.write(`${coloured && colour ? styleText(colour, text, { validateStream: false }) : text}\n`);
  if (died) return { end: 'engine-died', message: died.message };
  return feed.state.finished ? { end: 'finished', exitCode: feed.state.finished.exitCode } : { end: 'left' };
}

async function deathOf(ended: Promise<void>): Promise<EngineDied | undefined> {
  try {
    await ended;
  } catch (error) {
    if (error instanceof EngineDied) return error;
    throw error;
  }
}
