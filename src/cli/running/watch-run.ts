import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { followEvents, jsonReporter, plainReporter, showRun, wantsColour } from '../../ui/index.ts';

/** Shows a run of another process until it ends, or the person leaves; the exit code is that of the run, 0 if it goes on. */
export async function watchRun(directory: string, { json = false }: { json?: boolean }): Promise<number> {
  const { stdin, stdout } = process;
  if (!json && stdin.isTTY && stdout.isTTY) return watchOnScreen(directory);
  const reporter = json ? jsonReporter(stdout) : plainReporter(stdout, { colour: wantsColour(stdout, process.env) });
  let exitCode = 0;
  for await (const events of followEvents(directory)) {
    for (const event of events) {
      reporter.report(event);
      if (event.type === 'run-finished') exitCode = event.exitCode;
    }
  }
  return exitCode;
}

async function watchOnScreen(directory: string): Promise<number> {
  const control = join(directory, 'control.jsonl');
  const { stdin, stdout } = process;
  const shown = await showRun(directory, {
    stdin,
    stdout,
    send: (request) => appendFileSync(control, `${JSON.stringify(request)}\n`),
  });
  switch (shown.end) {
    case 'finished':
      return shown.exitCode;
    case 'left':
      return 0;
    case 'engine-died':
      process.stderr.write(`kumiki: ${shown.message}\n`);
      return 1;
  }
}
