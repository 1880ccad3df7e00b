import { data, wellKnownFunctions } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import type { Json } from '../json.ts';
import { ExpressionFault } from './fault.ts';
import { hasMark } from './path-marks.ts';
import { type Data, fromData, listData, Members, toData, toText } from './values.ts';

/** What the functions that look outside the workflow may see. */
export interface Surroundings {
  env(name: string): string | undefined;
  /** Files below the workspace root that match, sorted. */
  glob(patterns: readonly string[]): readonly string[];
}

/** A stage in an expression: `pick` narrows it. */
export class StageValue extends Members {
  /** `value`: one, or a list of them. */
  readonly pick: (axis: string, value: Json) => StageValue;

  constructor(
    names: () => readonly string[],
    member: (name: string) => Data | undefined,
    notValue: string,
    pick: (axis: string, value: Json) => StageValue,
  ) {
    super(names, member, { notValue });
    this.pick = pick;
  }
}

const signature = (name: string, minArgs: number, maxArgs: number) => ({ name, minArgs, maxArgs });

/** Those that GitHub's language lacks. */
export const functionSignatures = [
  signature('range', 2, 3),
  signature('pad', 2, 2),
  signature('pick', 3, 3),
  signature('glob', 1, 255),
  signature('env', 1, 2),
];

export const functionNames = [
  ...['case', 'contains', 'endsWith', 'format', 'fromJSON', 'join', 'startsWith', 'toJSON'],
  ...functionSignatures.map(({ name }) => name),
];

const longestRange = 1_000_000;

/** All functions by lower-case name: GitHub's, stricter where a mistake would pass for text, and ours. */
export function functionsFor(surroundings: Surroundings): Map<string, FunctionDefinition> {
  const implementations: Record<string, (...args: Data[]) => Data> = {
    contains: (...args) => wellKnownFunctions.contains!.call(...withoutPaths('contains', args)),
    startswith: (...args) => wellKnownFunctions.startswith!.call(...withoutPaths('startsWith', args)),
    endswith: (...args) => wellKnownFunctions.endswith!.call(...withoutPaths('endsWith', args)),
    format: (...args) => wellKnownFunctions.format!.call(...args.map((arg) => textData(fromData(arg)))),
    join: (list, separator) => joinList(list!, separator),
    fromjson: (text) => parseJson(textOf('fromJSON', text!)),
    tojson: (value) => new data.StringData(JSON.stringify(fromData(value!), null, 2)),
    range: (first, last, step) => range(first!, last!, step),
    pad: (value, width) => pad(value!, width!),
    pick: (stage, axis, value) => pick(stage!, axis!, value!),
    env: (name, otherwise) => readEnv(surroundings, textOf('env', name!), otherwise),
    glob: (...patterns) => toData([...surroundings.glob(patterns.map((pattern) => textOf('glob', pattern)))]),
  };
  const definitions = Object.entries(implementations).map(
    ([name, call]) => [name, { name, minArgs: 0, maxArgs: 255, call }] as const,
  );
  return new Map(definitions);
}

const textData = (value: Json) => new data.StringData(toText(value));

/** A text argument. Paths of outputs are only known in the run, so nothing can be read from them here. */
function textOf(name: string, arg: Data): string {
  return toText(fromData(withoutPaths(name, [arg])[0]!));
}

export function isPath(value: Data): boolean {
  return value.kind === data.Kind.String && hasMark((value as data.StringData).value);
}

function withoutPaths(name: string, args: Data[]): Data[] {
  const paths = (value: Data): boolean => isPath(value) || (value instanceof data.Array && value.values().some(paths));
  if (!args.some(paths)) return args;
  throw new ExpressionFault(
    `${name}() cannot look into the path of an output or input`,
    'where it lies is only known while the stage runs; compare what decides it, such as a matrix value',
  );
}

function joinList(list: Data, separator: Data | undefined): Data {
  const between = separator ? toText(fromData(separator)) : ',';
  const items = list instanceof data.Array ? list.values() : [list];
  return new data.StringData(items.map((item) => toText(fromData(item))).join(between));
}

function parseJson(text: string): Data {
  try {
    return toData(JSON.parse(text, refuseProto) as Json);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ExpressionFault(`fromJSON() was given no JSON: ${error.message}`);
    throw error;
  }
}

function refuseProto(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ExpressionFault("'__proto__' cannot be a key");
  return value;
}

function wholeNumber(name: string, value: Data): number {
  const number = value.kind === data.Kind.Boolean || value.kind === data.Kind.Null ? Number.NaN : value.number();
  if (!Number.isSafeInteger(number)) throw new ExpressionFault(`${name}() takes whole numbers`);
  return number;
}

function range(first: Data, last: Data, step: Data | undefined): Data {
  const from = wholeNumber('range', first);
  const to = wholeNumber('range', last);
  const by = step ? wholeNumber('range', step) : 1;
  if (by === 0) throw new ExpressionFault('range() cannot step by 0');
  const length = Math.max(0, Math.floor((to - from) / by) + 1);
  if (length > longestRange) throw new ExpressionFault(`range() gives at most ${longestRange} numbers`);
  return listData(Array.from({ length }, (_, i) => new data.NumberData(from + i * by)));
}

function pad(value: Data, width: Data): Data {
  const digits = textOf('pad', value);
  const wide = wholeNumber('pad', width);
  if (wide < 0 || wide > 255) throw new ExpressionFault('pad() takes a width from 0 to 255');
  const negative = digits.startsWith('-');
  const padded = (negative ? digits.slice(1) : digits).padStart(negative ? wide - 1 : wide, '0');
  return new data.StringData(negative ? `-${padded}` : padded);
}

function pick(stage: Data, axis: Data, value: Data): Data {
  if (stage instanceof data.Null) return stage;
  if (!(stage instanceof StageValue))
    throw new ExpressionFault('pick() takes a stage', "write pick(stages.name, 'axis', value)");
  return stage.pick(textOf('pick', axis), fromData(value));
}

function readEnv({ env }: Surroundings, name: string, otherwise: Data | undefined): Data {
  const value = env(name);
  if (value !== undefined) return new data.StringData(value);
  if (otherwise) return otherwise;
  throw new ExpressionFault(
    `the environment has no variable ${name}`,
    `set it, or give a default: env('${name}', 'default')`,
  );
}
