import { spawn } from 'node:child_process';
import type { RunRecord } from '../../run/folder/list-runs.ts';
import { wordsToContinue } from '../../run/words-to-continue.ts';

/** Gives the request of an earlier run again, where it was given: results that are there stay, what goes on elsewhere is taken up. `left` names it. */
export async function resumeRun(run: RunRecord, left: string, { json }: { readonly json?: boolean }): Promise<number> {
  process.stderr.write(`kumiki: run ${run.id} left ${left}: taking up what is there in a new run\n`);
  const words = wordsToContinue(run.arguments);
  const engine = spawn(process.execPath, [process.argv[1] ?? '', ...words, ...(json ? ['--json'] : [])], {
    cwd: run.root,
    stdio: 'inherit',
  });
  // The terminal's Ctrl-C reaches the run itself; a signal to this process alone is handed on.
  const interrupt = () => void engine.kill('SIGINT');
  const ignore = () => {};
  process.on('SIGTERM', interrupt).on('SIGINT', ignore);
  try {
    return await new Promise((resolve, reject) => {
      engine.once('exit', (code) => resolve(code ?? 1));
      engine.once('error', reject);
    });
  } finally {
    process.off('SIGTERM', interrupt).off('SIGINT', ignore);
  }
}
