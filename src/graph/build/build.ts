import { data } from '@actions/expressions';
import { type Diagnostic, errorAt, locate, type Report } from '../../workflow/diagnostic.ts';
import { checkNames, type Fault } from '../../workflow/evaluate-node.ts';
import { type Scope, withContexts } from '../../workflow/expressions/evaluate.ts';
import { Members } from '../../workflow/expressions/values.ts';
import { child, entriesOf, type MapNode, type Node, placeWithin } from '../../workflow/yaml/node.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import { stagesContext } from '../expand/references.ts';
import { instanceId, type StageShape } from '../expand/stage-shape.ts';
import type { Instance, Publication } from '../plan.ts';
import { type Draft, draftInstance, type Workshop } from './instance.ts';
import { cycleAmong, orderInstances } from './order.ts';
import { readPublications } from './publish.ts';
import { type CutScript, cutScript } from './script.ts';
import { warnOfUndeclared } from './undeclared.ts';

/** After that many instances of a stage with faults, the others are not tried: they would say the same. */
const mostFaulty = 20;

interface Built {
  readonly instances: readonly Instance[];
  readonly publish: readonly Publication[];
}

/** Every instance of every stage, in order; undefined if there was a fault, which was reported. */
export function buildInstances(workflow: MapNode, workshop: Workshop): Built | undefined {
  const { shapes, report } = workshop;
  const drafts = draftAll(workshop);
  const fault: Fault = (place, message, hint) => report(errorAt(place, message, hint));
  const publish = readPublications(child(workflow, 'publish'), drafts, workshop, fault);
  const whole = drafts.filter((draft) => draft !== undefined);
  const count = [...shapes.values()].reduce((sum, { combinations }) => sum + combinations.length, 0);
  if (whole.length < count || [...shapes.values()].some(({ faulty }) => faulty)) {
    const cycle = cycleAmong(drafts);
    if (cycle) report(describeCycle(cycle, drafts, shapes));
    return undefined;
  }
  const ordered = orderInstances(whole);
  if (!ordered.ok) {
    report(describeCycle(ordered.cycle, whole, shapes));
    return undefined;
  }
  const { instances, indexOf } = ordered;
  const renumbered = publish.map(({ destination, source }) => ({
    destination,
    source: { ...source, instance: indexOf[source.instance]! },
  }));
  return { instances, publish: renumbered };
}

/** By declared number; undefined after a fault. */
function draftAll(workshop: Workshop): (Draft | undefined)[] {
  const drafts: (Draft | undefined)[] = [];
  for (const shape of workshop.shapes.values()) {
    const said = new Set<string>();
    const { fine, script } = checkStage(shape, workshop, said);
    let faulty = fine ? 0 : mostFaulty - 1; // one more tells what only evaluation finds, as a missing file
    for (const [i, combination] of shape.combinations.entries()) {
      const draft = draftInstance(shape, combination, script, workshop, faultOf(shape, i, workshop.report, said));
      if (fine) drafts[shape.first + i] = draft;
      if (!(fine && draft) && ++faulty === mostFaulty) break;
    }
    if (fine && script) warnOfUndeclared(shape, script, drafts, workshop);
  }
  return drafts;
}

/** What can be wrong for all instances alike, branches that none of them takes included. */
function checkStage(
  shape: StageShape,
  { globals, shapes, report }: Workshop,
  said: Set<string>,
): { readonly fine: boolean; readonly script: CutScript | undefined } {
  let fine = true;
  const fault: Fault = (place, message, hint) => {
    fine = false;
    said.add(sayingOf(place, message));
    report(errorAt(place, message, hint));
  };
  const names = (known: Iterable<string>) => {
    const all = new Set(known);
    const member = (name: string) => (all.has(name) || shape.faulty ? new data.Null() : undefined);
    return new Members(() => [...all], member, { json: null });
  };
  const settings = withContexts(globals, { matrix: names(shape.matrixNames) });
  const inputs = withContexts(settings, { stages: stagesContext(shapes, undefined, []) });
  const declared = [...entriesOf(child(shape.node, 'inputs')).map(([name]) => name), ...definedInputs(shape)];
  const body = withContexts(inputs, { inputs: names(declared), outputs: names(shape.outputs.keys()) });
  const scopes: Readonly<Record<string, Scope>> = { inputs, run: body, with: body, env: body };
  for (const [name, { value }] of shape.node.entries) {
    if (name !== 'matrix' && name !== 'if') checkNames(value, scopes[name] ?? settings, fault);
  }
  const run = child(shape.node, 'run');
  const script = run?.kind === 'scalar' && !shape.definition ? cutScript(run, fault) : undefined;
  return { fine: fine && (script !== undefined || shape.definition !== undefined), script };
}

const definedInputs = ({ definition }: StageShape) => Object.keys(definition?.stage.inputs ?? {});

const sayingOf = (place: Place, message: string) => `${place.start} ${message}`;

/** Says which instance a fault is about, and what was `said` of another not again. */
function faultOf(shape: StageShape, i: number, report: Report, said: Set<string>): Fault {
  return (place, message, hint) => {
    const saying = sayingOf(place, message);
    if (said.has(saying)) return;
    said.add(saying);
    const where = shape.axes.length === 0 ? '' : ` (in ${instanceId(shape, shape.combinations[i]!)})`;
    report(errorAt(place, message + where, hint));
  };
}

function describeCycle(
  cycle: readonly number[],
  drafts: readonly (Draft | undefined)[],
  shapes: Workshop['shapes'],
): Diagnostic {
  const stages = cycle.map((number) => drafts[number]!.stage);
  const path = cycle.map((number) => drafts[number]!.id).join(' → ');
  const edges = stages.slice(1).map((producer, i) => {
    const reader = shapes.get(stages[i]!)!;
    return { reader: reader.name, producer, place: mentionOf(producer, reader.node) ?? reader.key };
  });
  const [first, ...others] = edges;
  const related = others.map(({ reader, producer, place }) => ({
    message: `${reader} reads ${producer} here`,
    at: locate(place),
  }));
  return {
    ...errorAt(
      first!.place,
      `stages read each other in a circle: ${path}`,
      'each arrow reads "needs"; remove one of the references',
    ),
    related,
  };
}

/** Where a stage's text mentions another. */
function mentionOf(producer: string, node: Node): Place | undefined {
  if (node.kind === 'scalar') {
    const at =
      typeof node.value === 'string' ? node.value.search(new RegExp(`stages\\s*(\\.|\\[')\\s*${producer}\\b`)) : -1;
    return at === -1 ? undefined : placeWithin(node, at, at + `stages.${producer}`.length);
  }
  const children = node.kind === 'list' ? node.items : Array.from(node.entries.values(), ({ value }) => value);
  for (const inner of children) {
    const place = mentionOf(producer, inner);
    if (place) return place;
  }
  return undefined;
}
