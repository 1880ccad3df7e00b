import type { Json } from '../json.ts';
import type { Place } from './source.ts';

/** A YAML value that knows where it stands, also after it was merged into another file's tree. */
export type Node = MapNode | ListNode | ScalarNode;

export interface MapNode extends Place {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: Place;
  readonly value: Node;
}

interface ListNode extends Place {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface ScalarNode extends Place {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
}

const jsonOf = new WeakMap<Node, Json>();

/** The plain value; the same object each time, so do not change it. */
export function toJson(node: Node): Json {
  if (node.kind === 'scalar') return node.value;
  const known = jsonOf.get(node);
  if (known !== undefined) return known;
  const json =
    node.kind === 'list'
      ? node.items.map(toJson)
      : Object.fromEntries(Array.from(node.entries, ([key, { value }]) => [key, toJson(value)]));
  jsonOf.set(node, json);
  return json;
}

export function child(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

/** Entries of a map; of anything else, none. */
export function entriesOf(node: Node | undefined): readonly (readonly [string, Entry])[] {
  return node?.kind === 'map' ? [...node.entries] : [];
}

/** The deepest node on the path that exists. */
export function nodeAt(node: Node, path: readonly PropertyKey[]): Node {
  let at = node;
  for (const part of path) {
    const next = at.kind === 'map' ? child(at, String(part)) : at.kind === 'list' ? at.items[Number(part)] : undefined;
    if (!next) break;
    at = next;
  }
  return at;
}

/**
 * Where a part of a scalar's value stands in the source. Source and value differ by quotes, escapes, indentation and
 * folding: both are walked together, and what only the source has is skipped. Where they cannot be aligned, the whole scalar.
 */
export function placeWithin(node: ScalarNode, start: number, end: number): Place {
  const { source } = node;
  const value = String(node.value);
  const quote = source.text[node.start];
  let at = contentStart(node);
  let from = node.start;
  for (let index = 0; index < end; index++) {
    const wanted = value[index]!;
    while (at < node.end && !stands(wanted, source.text, at, quote)) at++;
    if (at >= node.end) return node;
    if (index === start) from = at;
    at += lengthInSource(source.text, at, quote);
  }
  return { source, start: from, end: Math.max(at, from + 1) };
}

/** A folded line break reads as a space; an escape is taken at its word. */
function stands(wanted: string, text: string, at: number, quote: string | undefined): boolean {
  const found = text[at]!;
  if (quote === '"' && found === '\\') return text[at + 1] !== '\n';
  return found === wanted || (isSpace(wanted) && isSpace(found));
}

function lengthInSource(text: string, at: number, quote: string | undefined): number {
  if (quote === "'" && text[at] === "'") return 2;
  if (quote === '"' && text[at] === '\\') return { x: 4, u: 6, U: 10 }[text[at + 1]!] ?? 2;
  return 1;
}

function contentStart({ source, start, end }: Place): number {
  const first = source.text[start];
  if (first === '"' || first === "'") return start + 1;
  if (first !== '|' && first !== '>') return start;
  const newline = source.text.indexOf('\n', start);
  return newline === -1 || newline > end ? start : newline + 1;
}

const isSpace = (character: string) => character === ' ' || character === '\n' || character === '\t';
