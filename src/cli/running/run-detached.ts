import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { watchRun } from './watch-run.ts';

/**
 * Starts this command line again as an engine in a session of its own, which outlives the terminal, and shows its run.
 * What the engine itself has to say, should it fail, is in `engine.log` of the cache folder.
 */
export async function runDetached(cache: string): Promise<number> {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, 'engine.log');
  const log = openSync(file, 'a');
  const said = fstatSync(log).size;
  const [main = '', command = '', ...rest] = process.argv.slice(1);
  const engine = spawn(process.execPath, [main, command, '--detached', ...rest], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const started = await directoryOrExitCode(engine);
  if (typeof started === 'number') {
    process.stderr.write(readFileSync(file).subarray(said));
    return started;
  }
  engine.unref();
  return watchRun(started, {});
}

/** Folder of the run once it has started; the exit code of an engine that ends before. Ctrl-C goes to the engine. */
async function directoryOrExitCode(engine: ChildProcess): Promise<string | number> {
  const interrupt = () => engine.kill('SIGINT');
  process.on('SIGINT', interrupt);
  try {
    return await new Promise((resolve, reject) => {
      engine.once('message', (directory) => resolve(String(directory)));
      engine.once('exit', (code) => resolve(code ?? 1));
      engine.once('error', reject);
    });
  } finally {
    process.off('SIGINT', interrupt);
  }
}
