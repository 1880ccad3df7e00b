/** From values with marks to the plan's texts and inputs. */
import { splitAtMarks } from '../../workflow/expressions/path-marks.ts';
import type { Json } from '../../workflow/json.ts';
import type { Reference, ResultGroup } from '../expand/references.ts';
import type { Input, PathPiece, Text, Value } from '../plan.ts';

/** Inputs that an instance has because its script, `with` or `env` mentions results, found while texts are made. */
export interface Mentions {
  readonly inputs: readonly Input[];
  text(marked: string): Text;
  value(marked: Json): Value;
}

/** `values`: all that will be made into texts. A result is an input only if its mark survived in one of them. */
export function gatherMentions(values: readonly Json[], references: readonly Reference[]): Mentions {
  const used = new Map<ResultGroup, Set<number>>();
  for (const mark of values.flatMap(marksIn)) {
    const reference = references[mark]!;
    if (reference.kind !== 'result') continue;
    const items = used.get(reference.group) ?? new Set();
    used.set(reference.group, items.add(reference.item));
  }
  const inputs = new Map<string, Input>();
  const pieces = new Map<ResultGroup, ReadonlyMap<number, PathPiece>>();
  for (const [group, items] of used) {
    const sorted = [...items].sort((a, b) => a - b);
    const name = nameFor(group, sorted, inputs);
    pieces.set(group, new Map(sorted.map((item, position) => [item, { input: name, item: position }])));
  }
  const piece = (mark: number): PathPiece => {
    const reference = references[mark]!;
    if (reference.kind === 'output') return { output: reference.name };
    if (reference.kind === 'input') return { input: reference.name, item: reference.item };
    return pieces.get(reference.group)!.get(reference.item)!;
  };
  const text = (marked: string): Text => {
    const parts = splitAtMarks(marked);
    if (parts.every((part) => typeof part === 'string')) return marked;
    return { $text: parts.map((part) => (typeof part === 'string' ? part : piece(part))) };
  };
  return { inputs: [...inputs.values()], text, value: (marked) => textsIn(marked, text) };
}

function marksIn(value: Json): number[] {
  if (typeof value === 'string') return splitAtMarks(value).filter((part) => typeof part === 'number');
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(marksIn);
}

function textsIn(value: Json, text: (marked: string) => Text): Value {
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => textsIn(item, text));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, textsIn(item, text)]));
}

/** `stages.x.outputs.y`; a second mention that joined other results is `stages.x.outputs.y#2`. */
function nameFor(group: ResultGroup, items: readonly number[], inputs: Map<string, Input>): string {
  const sources = items.map((item) => ({
    kind: 'output' as const,
    instance: group.instances[item]!,
    output: group.output,
  }));
  for (let count = 1; ; count++) {
    const name = count === 1 ? group.label : `${group.label}#${count}`;
    const known = inputs.get(name);
    if (!known) inputs.set(name, { name, list: group.list, kind: 'any', sources });
    else if (JSON.stringify(known.sources) !== JSON.stringify(sources)) continue;
    return name;
  }
}
