import type { Entry, MapNode, Node } from './yaml/node.ts';

/**
 * What `extends` and `--set` do: maps merge key by key, lists and scalars replace, and null removes a key
 * (below `params`, null is a value like any other). Every node keeps the place where it stands.
 */
export function mergeWorkflows(base: MapNode, over: MapNode): MapNode {
  return mergeMaps(base, over, true);
}

function mergeMaps(base: MapNode, over: MapNode, nullRemoves: boolean, depth = 0): MapNode {
  const entries = new Map(base.entries);
  for (const [name, entry] of over.entries) {
    const isNull = entry.value.kind === 'scalar' && entry.value.value === null;
    if (isNull && nullRemoves && entries.has(name)) entries.delete(name);
    else
      entries.set(
        name,
        mergeEntry(entries.get(name), entry, nullRemoves && !(depth === 0 && name === 'params'), depth + 1),
      );
  }
  return { ...over, entries };
}

function mergeEntry(base: Entry | undefined, over: Entry, nullRemoves: boolean, depth: number): Entry {
  return { key: over.key, value: mergeValue(base?.value, over.value, nullRemoves, depth) };
}

function mergeValue(base: Node | undefined, over: Node, nullRemoves: boolean, depth: number): Node {
  return base?.kind === 'map' && over.kind === 'map' ? mergeMaps(base, over, nullRemoves, depth) : over;
}
