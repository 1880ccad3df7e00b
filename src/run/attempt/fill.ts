import type { Action, Hole, Instance, Json, PathPiece, Text, Value } from '../../graph/plan.ts';
import { isText } from '../../graph/plan.ts';
import { shellQuote } from '../../shell-quote.ts';

/** Absolute paths of one attempt. */
export interface Paths {
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A text with its paths put in. */
export function fillText(text: Text, paths: Paths): string {
  return typeof text === 'string' ? text : text.$text.map((piece) => fillPiece(piece, paths)).join('');
}

function fillPiece(piece: string | PathPiece, paths: Paths): string {
  if (typeof piece === 'string') return piece;
  const path = 'output' in piece ? paths.outputs[piece.output] : paths.inputs[piece.input]?.[piece.item];
  if (path === undefined) throw new Error(`the plan refers to a path that is not there: ${JSON.stringify(piece)}`);
  return path;
}

/** Parameters with their paths put in. */
export function fillValue(value: Value, paths: Paths): Json {
  if (typeof value === 'string' || isText(value)) return fillText(value as Text, paths);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Value) => fillValue(item, paths));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillValue(item, paths)]));
}

/** The bash script with every hole filled by quoted words. */
export function fillScript(action: Action & { kind: 'run' }, paths: Paths): string {
  return action.script.map((part) => (typeof part === 'string' ? part : fillHole(part, paths))).join('');
}

function fillHole(hole: Hole, paths: Paths): string {
  return hole.words.map((word) => shellQuote(fillText(word, paths))).join(' ');
}

/** All that an attempt's process finds in its environment, save `$KUMIKI_SCRATCH` and `$KUMIKI_EVENTS`. */
export function fillEnvironment(
  instance: Instance,
  paths: Paths,
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {
    PATH: own.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: own.HOME ?? '/',
    TMPDIR: own.TMPDIR ?? '/tmp',
    LANG: 'C.UTF-8',
    // Where the user keeps what all checkouts share, when it is not below HOME.
    ...(own.XDG_CACHE_HOME && { XDG_CACHE_HOME: own.XDG_CACHE_HOME }),
  };
  for (const [name, text] of Object.entries(instance.env)) environment[name] = fillText(text, paths);
  for (const name of instance.passEnv) {
    const value = own[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
