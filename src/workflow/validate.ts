import type { z } from 'zod';
import { errorAt, type Report } from './diagnostic.ts';
import { hasMark } from './expressions/path-marks.ts';
import type { Json } from './json.ts';
import { didYouMean } from './nearest.ts';
import { stageSchema, workflowSchema } from './schema.ts';
import { child, type MapNode, type Node, nodeAt, toJson } from './yaml/node.ts';
import type { Place } from './yaml/source.ts';

/** Stages whose shape is wrong: nothing more can be said of them, but of all that is around them. */
export type Misshapen = ReadonlySet<string>;

/** Checks the shape of a workflow; undefined if it is so wrong that nothing else can be checked. Unknown keys do no harm to the rest. */
export function validateWorkflow(workflow: MapNode, report: Report): Misshapen | undefined {
  const result = workflowSchema.safeParse(toJson(workflow));
  const issues = result.error?.issues ?? [];
  reportIssues(issues, workflow, report, workflowKeys);
  const stages = child(workflow, 'stages');
  if (!stages) {
    const start = { ...workflow, end: workflow.start + 1 };
    report(errorAt(start, 'this workflow has no stages', 'list them below the key stages'));
    return undefined;
  }
  const misshapen = new Set<string>();
  for (const { path, code } of issues) {
    const [section, stage] = path;
    if (section === 'stages' && stage !== undefined) {
      const node = nodeAt(stages, [stage]);
      if (code !== 'unrecognized_keys' || !(child(node, 'run') ?? child(node, 'uses'))) misshapen.add(String(stage));
    } else if (section !== undefined) return undefined;
  }
  return misshapen;
}

/** The keys that may stand at a path. */
type KeysAt = (path: readonly PropertyKey[]) => readonly string[];

const workflowKeys: KeysAt = (path) => {
  if (path.length === 0) return Object.keys(workflowSchema.shape);
  if (path.length === 2) return Object.keys(stageSchema.shape);
  return path[2] === 'retry' ? ['attempts', 'delay', 'backoff'] : [];
};

type Issue = z.core.$ZodIssue;

/** Each issue where the value stands. */
export function reportIssues(issues: readonly Issue[], node: Node, report: Report, keysAt: KeysAt): void {
  for (const issue of issues.flatMap(innermost)) {
    const at = nodeAt(node, issue.path);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const known = keysAt(issue.path);
        report(errorAt(keyPlace(at, key), `unknown key '${key}'`, didYouMean(key, known)));
      }
    } else if (issue.code === 'invalid_key') {
      const key = String(issue.path.at(-1));
      const place = keyPlace(nodeAt(node, issue.path.slice(0, -1)), key);
      const why = issue.issues[0]?.message;
      report(errorAt(place, `'${key}' cannot be a name here${why === undefined ? '' : `: ${why}`}`));
    } else {
      const missing = missingKey(node, issue.path);
      if (missing !== undefined)
        report(errorAt(keyOf(node, issue.path.slice(0, -1)), `the key '${missing}' is missing`));
      else report(errorAt(at, describeIssue(issue, toJson(at))));
    }
  }
}

/** Of a value that has the outer form of one choice of a union, what is wrong within; else that it is none of them. */
function innermost(issue: Issue): readonly Issue[] {
  const within =
    issue.code === 'invalid_union'
      ? issue.errors.find((issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0))
      : undefined;
  return within?.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

function keyPlace(map: Node, key: string): Place {
  return (map.kind === 'map' && map.entries.get(key)?.key) || map;
}

/** The key that leads to a path, else what stands there. */
function keyOf(node: Node, path: readonly PropertyKey[]): Place {
  const parent = path.length === 0 ? undefined : nodeAt(node, path.slice(0, -1));
  const place = parent ? keyPlace(parent, String(path.at(-1))) : node;
  return { ...place, end: Math.min(place.end, place.start + 80) };
}

function missingKey(node: Node, path: readonly PropertyKey[]): string | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const parent = nodeAt(node, path.slice(0, -1));
  return parent.kind === 'map' && !parent.entries.has(String(last)) ? String(last) : undefined;
}

const nouns: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** What is wrong, in the words of a workflow. */
export function describeIssue(issue: Issue, found: Json): string {
  const own = issue.message.replace(/^Invalid input: expected /, '');
  if (own.startsWith('expected')) return `${own}, found ${nounOf(found)}`;
  if (issue.code === 'invalid_type')
    return `expected ${nouns[issue.expected] ?? issue.expected}, found ${nounOf(found)}`;
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.map(String).join(' or ')}, found ${nounOf(found)}`;
  return own.charAt(0).toLowerCase() + own.slice(1);
}

function nounOf(value: Json): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `the number ${value}`;
  if (hasMark(value)) return 'a path';
  return value.length > 40 ? 'a text' : `'${value.replaceAll('\n', '\\n')}'`;
}
