/** `params` and `configs`: what every expression of a workflow may read. */
import { relative, resolve } from 'node:path';
import type { Report } from '../../workflow/diagnostic.ts';
import { evaluateNode, type Fault } from '../../workflow/evaluate-node.ts';
import type { Scope } from '../../workflow/expressions/evaluate.ts';
import { ExpressionFault } from '../../workflow/expressions/fault.ts';
import { Members, toData } from '../../workflow/expressions/values.ts';
import type { Json } from '../../workflow/json.ts';
import { siblingNamed } from '../../workflow/load.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import { entriesOf, type Node } from '../../workflow/yaml/node.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import type { Surroundings } from '../surroundings.ts';

type JsonObject = { readonly [key: string]: Json };

/** The parameters, each evaluated once; they may refer to each other in any order, but not in a circle. */
export function evaluateParams(node: Node | undefined, functions: Scope['functions'], fault: Fault): JsonObject {
  const entries = new Map(entriesOf(node));
  const values = new Map<string, Json | undefined>();
  const open: string[] = [];
  const resolved = (name: string): Json | undefined => {
    if (values.has(name)) return values.get(name);
    if (open.includes(name)) {
      throw new ExpressionFault(
        `params refer to each other in a circle: ${[...open.slice(open.indexOf(name)), name].join(' → ')}`,
      );
    }
    open.push(name);
    const value = evaluateNode(entries.get(name)!.value, scope, fault);
    open.pop();
    values.set(name, value);
    return value;
  };
  const member = (name: string) => (entries.has(name) ? toData(resolved(name) ?? null) : undefined);
  const params = new Members(() => [...entries.keys()], member, { notValue: 'params cannot hold all of params' });
  const scope: Scope = { contexts: { params }, functions };
  return Object.fromEntries(Array.from(entries.keys(), (name) => [name, resolved(name) ?? null]));
}

/** The parsed files by name, with what `--config NAME=FILE` puts in their place. */
export function readConfigs(
  node: Node | undefined,
  replacements: readonly string[],
  scope: Scope,
  surroundings: Surroundings,
  report: Report,
  fault: Fault,
): JsonObject {
  const files = new Map<string, { path: string; place: Place }>();
  for (const [name, { value }] of entriesOf(node)) {
    const path = evaluateNode(value, scope, fault);
    if (typeof path === 'string') files.set(name, { path, place: value });
    else if (path !== undefined) fault(value, 'expected the path of a YAML or JSON file');
  }
  for (const replacement of replacements) {
    const equals = replacement.indexOf('=');
    const name = replacement.slice(0, Math.max(0, equals));
    const place = {
      source: { name: '--config', text: replacement },
      start: 0,
      end: equals === -1 ? replacement.length : equals,
    };
    if (equals < 1) fault(place, 'this does not say which file to use', 'write --config NAME=FILE');
    else if (!files.has(name)) fault(place, `the workflow has no config '${name}'`, didYouMean(name, files.keys()));
    else
      files.set(name, {
        path: replacement.slice(equals + 1),
        place: { ...place, start: equals + 1, end: replacement.length },
      });
  }
  const values: Record<string, Json> = {};
  for (const [name, { path, place }] of files)
    values[name] = readConfig(path, place, surroundings, report, fault) ?? null;
  return values;
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
