import { readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { errorAt, type Report, warningAt } from './diagnostic.ts';
import { mergeWorkflows } from './merge.ts';
import { nearest } from './nearest.ts';
import { parseSetting } from './overrides.ts';
import { child, entriesOf, type MapNode, type Node } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';
import { readSource } from './yaml/read.ts';
import type { Place } from './yaml/source.ts';

export interface FileRead {
  /** Absolute. */
  readonly path: string;
  readonly digest: string;
}

/** The workflow file with what it extends and with `--set` merged in. `read` is told of every file, also when it fails. */
export function loadWorkflow(
  file: string,
  settings: readonly string[],
  report: Report,
  read: (file: FileRead) => void,
): MapNode | undefined {
  const whole: Place = { source: { name: file, text: '' }, start: 0, end: 0 };
  const workflow = loadChain(file, whole, [], report, read);
  const overrides = settings.map((setting) => parseSetting(setting, report));
  if (!workflow) return undefined;
  return overrides.reduce<MapNode>((merged, over) => {
    if (!over) return merged;
    checkNamed('params', child(over, 'params'), child(merged, 'params'), report);
    return mergeWorkflows(merged, over);
  }, workflow);
}

/**
 * What the path of a `--set` names below `params`. A parameter may be first heard of there; one that is called nearly
 * as another is more likely a slip. What is no map has nothing below it, and would be lost.
 */
function checkNamed(path: string, set: Node | undefined, params: Node | undefined, report: Report): void {
  const known = entriesOf(params).map(([name]) => name);
  for (const [name, { key, value }] of entriesOf(set)) {
    if (!isNamed(key)) continue;
    const named = `${path}.${name}`;
    const present = child(params, name);
    const near = present ? undefined : nearest(name, known);
    if (near) report(warningAt(key, `${path} has no '${name}'`, `did you mean '${near}'?`));
    const goesOn = entriesOf(value).some(([, below]) => isNamed(below.key));
    if (goesOn && present && present.kind !== 'map' && !isNull(present)) {
      const found = present.kind === 'list' ? 'a list' : 'a single value';
      const hint = `give all of it, as in --set '${named}=…'`;
      report(errorAt(key, `${named} is ${found}, which has no members by name`, hint));
    } else checkNamed(named, value, present, report);
  }
}

/** Whether a key of a `--set` stands in its path, not in its value. */
const isNamed = ({ source, end }: Place) => end <= source.text.indexOf('=');

const isNull = (node: Node) => node.kind === 'scalar' && node.value === null;

function loadChain(
  file: string,
  mentioned: Place,
  above: readonly string[],
  report: Report,
  read: (file: FileRead) => void,
): MapNode | undefined {
  const path = [...above, file];
  if (above.includes(file)) {
    const names = path.slice(path.indexOf(file)).map((name) => basename(name));
    report(errorAt(mentioned, `extends goes round in a circle: ${names.join(' → ')}`));
    return undefined;
  }
  const result = readSource(file);
  if (!result.ok) {
    report(
      errorAt(
        mentioned,
        `${above.length > 0 ? file : 'the workflow'} ${result.message}`,
        result.missing ? siblingNamed(file) : undefined,
      ),
    );
    return undefined;
  }
  read({ path: file, digest: result.digest });
  const tree = parseYaml(result.source, report);
  if (!tree) return undefined;
  if (tree.kind !== 'map') {
    report(errorAt(tree, 'a workflow is a map with the key stages'));
    return undefined;
  }
  const base = child(tree, 'extends');
  if (!isText(base)) return tree;
  const own = { ...tree, entries: new Map([...tree.entries].filter(([key]) => key !== 'extends')) };
  const inherited = loadChain(resolve(dirname(file), base.value), base, path, report, read);
  return inherited && mergeWorkflows(inherited, own);
}

function isText(node: Node | undefined): node is Node & { readonly kind: 'scalar'; readonly value: string } {
  return node?.kind === 'scalar' && typeof node.value === 'string';
}

/** Asks whether a file of nearly that name in the same folder was meant. */
export function siblingNamed(path: string): string | undefined {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)));
    return near && `did you mean '${near}'?`;
  } catch {
    return undefined;
  }
}
