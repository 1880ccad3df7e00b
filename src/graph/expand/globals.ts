/** `params` and `configs`: what every expression of a workflow may read. */
import { relative, resolve } from 'node:path';
import type { Report } from '../../workflow/diagnostic.ts';
import { evaluateNode, type Fault } from '../../workflow/evaluate-node.ts';
import type { Scope } from '../../workflow/expressions/evaluate.ts';
import { ExpressionFault, ReportedFault } from '../../workflow/expressions/fault.ts';
import { Members, toData } from '../../workflow/expressions/values.ts';
import type { Json } from '../../workflow/json.ts';
import { siblingNamed } from '../../workflow/load.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import { entriesOf, type Node } from '../../workflow/yaml/node.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import type { Surroundings } from '../surroundings.ts';

/** Values by name; undefined where one could not be had, which was reported. */
type Values = ReadonlyMap<string, Json | undefined>;

/** A context of these values. What could not be had is not complained of again. */
export function valuesContext(values: Values): Members {
  const member = (name: string) => (values.has(name) ? toData(reportedUnless(values.get(name))) : undefined);
  return new Members(() => [...values.keys()], member, { json: plainValues(values) });
}

function reportedUnless(value: Json | undefined): Json {
  if (value === undefined) throw new ReportedFault();
  return value;
}

export function plainValues(values: Values): { readonly [key: string]: Json } {
  return Object.fromEntries(Array.from(values, ([name, value]) => [name, value ?? null]));
}

/** The parameters, each evaluated once; they may refer to each other in any order, but not in a circle. */
export function evaluateParams(node: Node | undefined, functions: Scope['functions'], fault: Fault): Values {
  const entries = new Map(entriesOf(node));
  const values = new Map<string, Json | undefined>();
  const open: string[] = [];
  const evaluated = (name: string): Json | undefined => {
    if (values.has(name)) return values.get(name);
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].join(' → ');
      throw new ExpressionFault(`params refer to each other in a circle: ${circle}`);
    }
    open.push(name);
    const value = evaluateNode(entries.get(name)!.value, scope, fault);
    open.pop();
    values.set(name, value);
    return value;
  };
  const member = (name: string) => (entries.has(name) ? toData(reportedUnless(evaluated(name))) : undefined);
  const params = new Members(() => [...entries.keys()], member, { notValue: 'params cannot hold all of params' });
  const scope: Scope = { contexts: { params }, functions };
  return new Map(Array.from(entries.keys(), (name) => [name, evaluated(name)]));
}

/** The parsed files by name, with what `--config NAME=FILE` puts in their place. */
export function readConfigs(
  node: Node | undefined,
  replacements: readonly string[],
  scope: Scope,
  surroundings: Surroundings,
  report: Report,
  fault: Fault,
): Values {
  const files = new Map<string, ConfigFile | undefined>();
  for (const [name, { value }] of entriesOf(node)) {
    const path = evaluateNode(value, scope, fault);
    if (path !== undefined && typeof path !== 'string') fault(value, 'expected the path of a YAML or JSON file');
    files.set(name, typeof path === 'string' ? { path, place: value } : undefined);
  }
  for (const replacement of replacements) {
    const { name, file } = parseReplacement(replacement);
    if (name === '') fault(file.place, 'this does not say which file to use', 'write --config NAME=FILE');
    else if (files.has(name)) files.set(name, file);
    else
      fault(
        { ...file.place, start: 0, end: name.length },
        `the workflow has no config '${name}'`,
        didYouMean(name, files.keys()),
      );
  }
  const parsed = (file: ConfigFile | undefined) =>
    file && readConfig(file.path, file.place, surroundings, report, fault);
  return new Map(Array.from(files, ([name, file]) => [name, parsed(file)]));
}

interface ConfigFile {
  readonly path: string;
  readonly place: Place;
}

/** `NAME=FILE`; without a name the place is the whole argument. */
function parseReplacement(text: string): { readonly name: string; readonly file: ConfigFile } {
  const equals = text.indexOf('=');
  const source = { name: '--config', text };
  if (equals < 1) return { name: '', file: { path: '', place: { source, start: 0, end: text.length } } };
  const file = { path: text.slice(equals + 1), place: { source, start: equals + 1, end: text.length } };
  return { name: text.slice(0, equals), file };
}

/** The value of a YAML or JSON file; undefined if it cannot be read, which was reported. */
export function readConfig(
  path: string,
  place: Place,
  surroundings: Surroundings,
  report: Report,
  fault: Fault,
): Json | undefined {
  const config = surroundings.readConfig(path);
  if (config.ok) return config.value;
  if ('diagnostics' in config) for (const diagnostic of config.diagnostics) report(diagnostic);
  else fault(place, `${path} ${config.message}`, config.missing ? siblingHint(path, surroundings.root) : undefined);
  return undefined;
}

/** Paths start from the root; of a near miss, its name. */
export function siblingHint(path: string, root: string): string {
  const absolute = resolve(root, path);
  return (
    siblingNamed(absolute) ?? `paths start from the workspace root: ${relative(process.cwd(), absolute) || absolute}`
  );
}
