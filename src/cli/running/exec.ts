import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ExecRequestError, execStage } from '../../run/exec.ts';
import { StageError } from '../../stage/define.ts';
import { type Held, leftBehind } from '../../stage/held.ts';
import type { StageReports } from '../../stage/run-stage.ts';
import { formatCount, formatValue } from '../../ui/quantity.ts';
import { loadStage } from '../load-stage.ts';
import { gcsAccess, settingsOf } from '../open-remote.ts';
import { print } from '../print.ts';
import { RequestError } from '../request-error.ts';
import { collect } from '../workflow-options.ts';
import { rootHere } from '../workspace.ts';

interface ExecOptions {
  readonly input?: readonly string[];
  readonly with?: readonly string[];
  readonly output?: readonly string[];
}

const notes = `
It always runs. The outputs that are named are replaced once all of them are made, the others are dropped.
Example: kumiki exec character-vocab --input vocab=vocab.txt --with size=7027 --output vocab=chars.txt`;

export function define(command: Command): void {
  command
    .argument('<stage>', 'a built-in stage, or the path of a module')
    .option('--input <name=path>', 'an input; repeat it for a list', collect)
    .option('--with <name=value>', 'a parameter', collect)
    .option('--output <name=path>', 'where an output goes', collect)
    .addHelpText('after', notes)
    .action(exec);
}

async function exec(name: string, options: ExecOptions): Promise<void> {
  const stage = await loadStage(name);
  const stop = new AbortController();
  let held: Held | undefined;
  const interrupt = () => {
    if (stop.signal.aborted) {
      tellHeld(held);
      process.exit(130);
    }
    stop.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const holds = (now: Held | undefined) => {
    held = now;
  };
  const request = {
    inputs: mapValues(gather(options.input, 'input'), (paths) => paths.map((path) => resolve(path))),
    params: mapValues(gather(options.with, 'with'), (values) => values.at(-1)!),
    outputs: mapValues(gather(options.output, 'output'), (paths) => resolve(paths.at(-1)!)),
    gcs: gcsAccess(await settingsOf(rootHere())),
  };
  try {
    await execStage(stage, request, { ...reports(), holds }, stop.signal);
  } catch (error) {
    if (error instanceof ExecRequestError) throw new RequestError(error.message);
    process.exitCode = stop.signal.aborted ? 130 : 1;
    if (!(error instanceof StageError) && !stop.signal.aborted) throw error;
    process.stderr.write(`kumiki: ${name}: ${stop.signal.aborted ? 'interrupted' : (error as Error).message}\n`);
    tellHeld(held);
  }
}

function tellHeld(held: Held | undefined): void {
  if (held) process.stderr.write(`kumiki: ${leftBehind(held)}\n`);
}

/** Values by name, in order, split at the first `=`. */
function gather(words: readonly string[] = [], option: string): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, readonly string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals <= 0) throw new RequestError(`--${option} ${word}: write --${option} NAME=VALUE`);
    const name = word.slice(0, equals);
    values.set(name, [...(values.get(name) ?? []), word.slice(equals + 1)]);
  }
  return Object.fromEntries(values);
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

const reportEveryMs = 5000;

/** The stage's own lines go to standard output; progress and metrics, now and then, to standard error. */
function reports(): Omit<StageReports, 'holds'> {
  const said = new Map<string, number>();
  const sayNowAndThen = (about: string, text: () => string) => {
    const now = performance.now();
    if (now - (said.get(about) ?? -reportEveryMs) < reportEveryMs) return;
    said.set(about, now);
    process.stderr.write(`${text()}\n`);
  };
  return {
    log: print,
    conclude: print,
    warn: (message) => process.stderr.write(`warning: ${message}\n`),
    progress: (done, total, unit) =>
      sayNowAndThen('progress', () =>
        [formatCount(done), total !== undefined && `of ${formatCount(total)}`, unit].filter(Boolean).join(' '),
      ),
    metric: (name, value, step) =>
      sayNowAndThen(
        `metric ${name}`,
        () => `${name} ${formatValue(value)}${step === undefined ? '' : ` at step ${step}`}`,
      ),
  };
}
