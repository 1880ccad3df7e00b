import { normalize, resolve } from 'node:path';
import { isObjectUrl, parseObjectUrl } from '../../objects/object-url.ts';
import type { InputDeclaration } from '../../stage/define.ts';
import type { Report } from '../../workflow/diagnostic.ts';
import { evaluatePaths, type Fault } from '../../workflow/evaluate-node.ts';
import type { Scope } from '../../workflow/expressions/evaluate.ts';
import { splitAtMarks } from '../../workflow/expressions/path-marks.ts';
import type { Json } from '../../workflow/json.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import { whyNothingAt } from '../../workflow/unreadable.ts';
import { child, entriesOf } from '../../workflow/yaml/node.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import { readConfig, siblingHint } from '../expand/globals.ts';
import type { Reference, ResolvedInputs, ResultGroup } from '../expand/references.ts';
import type { StageShape } from '../expand/stage-shape.ts';
import type { Input, Source } from '../plan.ts';
import type { Surroundings } from '../surroundings.ts';

type Kind = InputDeclaration['kind'];

interface InputContext {
  readonly scope: Scope;
  readonly references: readonly Reference[];
  readonly surroundings: Surroundings;
  readonly report: Report;
  readonly fault: Fault;
}

/** The declared inputs of an instance; those of a used stage must be what it takes. */
export function resolveInputs(shape: StageShape, context: InputContext): ResolvedInputs {
  const stage = shape.definition?.stage;
  const resolved = new Map<string, Input | null | undefined>();
  for (const [name, { key, value }] of entriesOf(child(shape.node, 'inputs'))) {
    const declaration = stage && (Object.hasOwn(stage.inputs, name) ? stage.inputs[name] : undefined);
    if (stage && !declaration) {
      const hint = didYouMean(name, Object.keys(stage.inputs)) ?? 'it takes no inputs';
      context.fault(key, `${stage.name} has no input '${name}'`, hint);
    }
    const evaluated = evaluatePaths(value, context.scope, context.fault);
    const absent = evaluated === null && declaration?.optional;
    const readable = evaluated !== undefined && (!stage || declaration);
    resolved.set(name, absent ? null : readable ? readInput(name, evaluated, declaration, value, context) : undefined);
  }
  for (const [name, { kind, description, optional }] of Object.entries(stage?.inputs ?? {})) {
    if (resolved.has(name)) continue;
    resolved.set(name, optional ? null : undefined);
    if (!optional)
      context.fault(shape.key, `${stage!.name} needs the input '${name}'`, `${name}: ${description} (${kind})`);
  }
  return resolved;
}

function readInput(
  name: string,
  value: Json,
  declaration: InputDeclaration | undefined,
  place: Place,
  context: InputContext,
): Input | undefined {
  const isList = Array.isArray(value);
  if (isList && declaration && !declaration.list) {
    const hint = "narrow it with pick(stages.name, 'axis', value), or give the stage an axis of the same name";
    context.fault(
      place,
      `the input '${name}' takes one ${declaration.kind}, and this is a list of ${value.length}`,
      hint,
    );
    return undefined;
  }
  const items: readonly Json[] = isList ? value : [value];
  if (items.length === 0) {
    context.fault(place, `the input '${name}' is an empty list`);
    return undefined;
  }
  const kind = declaration?.kind ?? 'any';
  const sources = items.map((item) => readSourceOf(item, kind, place, context));
  if (sources.includes(undefined)) return undefined;
  return { name, list: isList || declaration?.list === true, kind, sources: sources as Source[] };
}

function readSourceOf(value: Json, kind: Kind, place: Place, context: InputContext): Source | undefined {
  if (typeof value === 'string') {
    const [first, ...rest] = splitAtMarks(value);
    if (typeof first === 'number') return resultSource(context.references[first]!, rest, kind, place, context);
    if (rest.length === 0) return pathSource(value, kind, place, context);
    context.fault(
      place,
      'the output of a stage does not stand at the start of this path',
      'an input is one path; a path below an output starts with it',
    );
    return undefined;
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    if (kind !== 'file' && kind !== 'directory' && kind !== 'checkpoint') return { kind: 'value', value };
    context.fault(place, `expected the path of a ${kind}, found an object`);
    return undefined;
  }
  const found = value === null ? 'nothing' : Array.isArray(value) ? 'a list in a list' : `${JSON.stringify(value)}`;
  context.fault(place, `expected a path, found ${found}`);
  return undefined;
}

function resultSource(
  reference: Reference,
  rest: readonly (string | number)[],
  kind: Kind,
  place: Place,
  context: InputContext,
): Source | undefined {
  if (reference.kind !== 'result') throw new Error('inputs know results only');
  const { group, item } = reference;
  const source = { kind: 'output' as const, instance: group.instances[item]!, output: group.output };
  const [below] = rest;
  if (below === undefined) return kindMatches(group, kind, place, context.fault) ? source : undefined;
  if (rest.length > 1 || typeof below !== 'string' || !below.startsWith('/')) {
    context.fault(
      place,
      'this path goes on after an output without a /',
      'a path below a directory output is written ${{ stages.name.outputs.dir }}/file',
    );
    return undefined;
  }
  if (group.outputKind === 'file') {
    context.fault(place, `${group.label} is a file; nothing lies below it`);
    return undefined;
  }
  const path = normalize(below.slice(1)).replace(/\/$/, '');
  if (path !== '.' && !path.startsWith('..')) return { ...source, path };
  context.fault(place, path === '.' ? 'no path follows the /' : `this path leaves ${group.label}`);
  return undefined;
}

function kindMatches(group: ResultGroup, kind: Kind, place: Place, fault: Fault): boolean {
  const wanted = kind === 'config' ? 'file' : kind;
  if ((wanted !== 'file' && wanted !== 'directory') || group.outputKind === wanted) return true;
  fault(
    place,
    `expected a ${wanted}; ${group.label} is a ${group.outputKind}`,
    group.outputKind === 'directory' ? 'name a file below it: ${{ … }}/file' : undefined,
  );
  return false;
}

function pathSource(text: string, kind: Kind, place: Place, context: InputContext): Source | undefined {
  const { surroundings, fault } = context;
  if (text.trim() === '') {
    fault(place, 'this path is empty');
    return undefined;
  }
  if (isObjectUrl(text)) return objectSource(text, kind, place, context);
  const path = normalize(text).replace(/(?<=.)\/$/, '');
  if (kind === 'config') {
    const value = readConfig(path, place, surroundings, context.report, fault);
    return value === undefined ? undefined : { kind: 'value', value };
  }
  const found = surroundings.kindOf(path);
  if (found === undefined && !(kind === 'checkpoint' && surroundings.kindOf(`${path}.index`))) {
    const why = whyNothingAt(resolve(surroundings.root, path));
    fault(place, `${text} ${why}`, why === 'does not exist' ? siblingHint(path, surroundings.root) : undefined);
    return undefined;
  }
  if ((kind === 'file' || kind === 'directory') && found !== kind) {
    fault(place, `expected a ${kind}; ${text} is a ${found}`);
    return undefined;
  }
  if (found === 'directory' && surroundings.holdsCache(path)) {
    fault(place, `${text} holds the cache, which every run writes to`, 'read a folder or files beside it');
    return undefined;
  }
  return { kind: 'path', path };
}

/** Whether it is there, its bucket says when all else is known. */
function objectSource(
  text: string,
  kind: Kind,
  place: Place,
  { surroundings, fault }: InputContext,
): Source | undefined {
  const parsed = parseObjectUrl(text);
  if (!parsed) {
    fault(place, `'${text}' names no bucket`, 'write gs://bucket/path');
    return undefined;
  }
  if (kind === 'config') {
    fault(place, 'a config is part of the workflow, and cannot be read from a bucket', 'copy it into the workspace');
    return undefined;
  }
  const path = `gs://${parsed.bucket}/${parsed.path}`;
  surroundings.expectObject({ url: path, kind, place });
  return { kind: 'path', path };
}
