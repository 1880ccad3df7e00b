import { isAbsolute, normalize } from 'node:path';
import { isObjectUrl, parseObjectUrl } from '../../objects/object-url.ts';
import { catchFault, checkNames, evaluateNode, type Fault, templateOf } from '../../workflow/evaluate-node.ts';
import { evaluateTemplate, withContexts } from '../../workflow/expressions/evaluate.ts';
import { splitAtMarks } from '../../workflow/expressions/path-marks.ts';
import { toData, toText } from '../../workflow/expressions/values.ts';
import type { Json } from '../../workflow/json.ts';
import { type Entry, entriesOf, type Node, type ScalarNode } from '../../workflow/yaml/node.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import { type Reference, stagesContext } from '../expand/references.ts';
import type { Publication } from '../plan.ts';
import type { Draft, Workshop } from './instance.ts';

interface Placed extends Publication {
  readonly place: Place;
}

/**
 * What to copy where; sources are numbered in declared order. A destination may name the axes of the published
 * stage (`out/${{ matrix.subword }}`): each instance then goes to its own.
 */
export function readPublications(
  node: Node | undefined,
  drafts: readonly (Draft | undefined)[],
  workshop: Workshop,
  fault: Fault,
): readonly Publication[] {
  const placed = entriesOf(node).flatMap(([name, entry]) => publicationsOf(name, entry, drafts, workshop, fault));
  reportClashes(placed, fault);
  reportFeedback(placed, drafts, fault);
  return placed.map(({ destination, source }) => ({ destination, source }));
}

function publicationsOf(
  name: string,
  { key, value }: Entry,
  drafts: readonly (Draft | undefined)[],
  workshop: Workshop,
  fault: Fault,
): Placed[] {
  const references: Reference[] = [];
  checkNames(value, withContexts(workshop.globals, { stages: stagesContext(workshop.shapes, undefined, []) }), fault);
  const stages = stagesContext(workshop.shapes, { axes: [], combination: {} }, references);
  const evaluated = evaluateNode(value, withContexts(workshop.globals, { stages }), fault);
  if (evaluated === undefined) return [];
  const items: readonly Json[] = Array.isArray(evaluated) ? evaluated : [evaluated];
  return items.flatMap((item) => {
    const source = publishedSource(item, references);
    if (!source) {
      fault(value, 'expected an output of a stage', 'write destination: ${{ stages.name.outputs.output }}');
      return [];
    }
    const draft = drafts[source.instance];
    if (!draft) return []; // its faults were told, and may be why there are no axes to name
    const matrix = toData(draft.matrix);
    const destinationNode: ScalarNode = { kind: 'scalar', value: name, ...key };
    const template = templateOf(destinationNode, fault);
    const scope = withContexts(workshop.globals, { matrix });
    const text = template && catchFault(destinationNode, fault, () => toText(evaluateTemplate(template, scope)));
    const destination = text === undefined ? undefined : readDestination(text, key, fault);
    return destination === undefined ? [] : [{ destination, source, place: key }];
  });
}

function publishedSource(value: Json, references: readonly Reference[]): Publication['source'] | undefined {
  if (typeof value !== 'string') return undefined;
  const [mark, below, ...more] = splitAtMarks(value);
  const reference = typeof mark === 'number' ? references[mark] : undefined;
  if (reference?.kind !== 'result' || more.length > 0) return undefined;
  const { group, item } = reference;
  const source = { instance: group.instances[item]!, output: group.output };
  if (below === undefined) return source;
  if (typeof below !== 'string' || !below.startsWith('/')) return undefined;
  return { ...source, path: normalize(below.slice(1)) };
}

function readDestination(text: string, place: Place, fault: Fault): string | undefined {
  if (isObjectUrl(text) && parseObjectUrl(text)?.path) return text.replace(/\/+$/, '');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    fault(place, `'${text}' is no place to publish to`, 'publish to a relative path, or to gs://bucket/path');
    return undefined;
  }
  const path = normalize(text).replace(/\/$/, '');
  if (text.trim() !== '' && path !== '.' && !isAbsolute(path) && path.split('/')[0] !== '..') return path;
  fault(place, `'${text}' does not lie below the workspace root`, 'publish to a relative path, or to gs://bucket/path');
  return undefined;
}

/** A run that changes what it read would have to run again. */
function reportFeedback(placed: readonly Placed[], drafts: readonly (Draft | undefined)[], fault: Fault): void {
  const readers = new Map<string, string>();
  for (const draft of drafts) {
    for (const { sources } of draft?.inputs ?? []) {
      for (const source of sources) if (source.kind === 'path') readers.set(source.path, draft!.id);
    }
  }
  for (const { destination, place } of placed) {
    const reader = readers.get(destination);
    if (reader !== undefined)
      fault(place, `${destination} is read by ${reader}; publishing to it would change that input`);
  }
}

function reportClashes(placed: readonly Placed[], fault: Fault): void {
  const taken = new Map<string, Placed>();
  for (const publication of placed) {
    const { destination, place } = publication;
    const same = taken.get(destination);
    if (same?.place === place) {
      fault(
        place,
        `several instances would be published to ${destination}`,
        'name their axes in it, as in out/${{ matrix.axis }}',
      );
    } else if (same) fault(place, `${destination} is published twice`);
    else taken.set(destination, publication);
  }
  for (const { destination, place } of taken.values()) {
    for (let end = destination.lastIndexOf('/'); end > 0; end = destination.lastIndexOf('/', end - 1)) {
      const outer = destination.slice(0, end);
      if (taken.has(outer)) fault(place, `${destination} lies inside ${outer}, which is published too`);
    }
  }
}
