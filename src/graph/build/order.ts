import { DirectedGraph } from 'graphology';
import { topologicalSort } from 'graphology-dag';
import type { Instance } from '../plan.ts';
import type { Draft } from './instance.ts';

type Ordered =
  | {
      readonly ok: true;
      readonly instances: readonly Instance[] /** New index by declared number. */;
      readonly indexOf: readonly number[];
    }
  /** Declared numbers: each reads from the one after it, the last is the first again. */
  | { readonly ok: false; readonly cycle: readonly number[] };

/** Drafts in topological order, everything in them numbered by it. */
export function orderInstances(drafts: readonly Draft[]): Ordered {
  const reads = drafts.map(resultsRead);
  const graph = new DirectedGraph({ allowSelfLoops: false });
  for (const number of drafts.keys()) graph.addNode(number);
  for (const [number, producers] of reads.entries()) {
    for (const producer of producers) {
      if (producer === number) return { ok: false, cycle: [number, number] };
      graph.addDirectedEdge(producer, number);
    }
  }
  const order = sorted(graph);
  if (!order) return { ok: false, cycle: findCycle(reads)! };
  const indexOf: number[] = new Array(drafts.length);
  for (const [index, number] of order.entries()) indexOf[number] = index;
  const promised = promisesOf(drafts);
  const instances = order.map(
    (number, index): Instance => ({
      index,
      ...renumbered(drafts[number]!, indexOf),
      promised: promised[number] ?? [],
      dependsOn: [...reads[number]!].map((producer) => indexOf[producer]!).sort((a, b) => a - b),
    }),
  );
  return { ok: true, instances, indexOf };
}

/** A cycle among drafts of which some could not be made, as in `Ordered`; undefined if there is none. */
export function cycleAmong(drafts: readonly (Draft | undefined)[]): readonly number[] | undefined {
  return findCycle(Array.from(drafts, (draft) => (draft ? resultsRead(draft) : new Set<number>())));
}

function resultsRead({ inputs }: Draft): ReadonlySet<number> {
  const read = new Set<number>();
  for (const { sources } of inputs)
    for (const source of sources) if (source.kind === 'output') read.add(source.instance);
  return read;
}

/** Undefined if there is a cycle. */
function sorted(graph: DirectedGraph): number[] | undefined {
  try {
    return topologicalSort(graph).map(Number);
  } catch {
    return undefined;
  }
}

/** Walks from reader to producer until a number comes up again. Without recursion: a chain may be long. */
function findCycle(reads: readonly ReadonlySet<number>[]): number[] | undefined {
  const finished = new Set<number>();
  for (const start of reads.keys()) {
    const path: { number: number; left: Iterator<number> }[] = [];
    const onPath = new Set<number>();
    const enter = (number: number) => {
      path.push({ number, left: (reads[number] ?? [])[Symbol.iterator]() });
      onPath.add(number);
    };
    if (!finished.has(start)) enter(start);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.left.next();
      if (next.done) {
        finished.add(top.number);
        onPath.delete(top.number);
        path.pop();
      } else if (onPath.has(next.value)) {
        const numbers = path.map(({ number }) => number);
        return [...numbers.slice(numbers.indexOf(next.value)), next.value];
      } else if (!finished.has(next.value)) enter(next.value);
    }
  }
  return undefined;
}

function renumbered(draft: Draft, indexOf: readonly number[]): Draft {
  const inputs = draft.inputs.map((input) => ({
    ...input,
    sources: input.sources.map((source) =>
      source.kind === 'output' ? { ...source, instance: indexOf[source.instance]! } : source,
    ),
  }));
  return { ...draft, inputs };
}

/** Paths below outputs that others read, by producer. What a checkpoint's prefix stands for is for its reader to find. */
function promisesOf(drafts: readonly Draft[]): (Instance['promised'] | undefined)[] {
  const byProducer: Map<string, { output: string; path: string }>[] = [];
  for (const { inputs } of drafts) {
    for (const { kind, sources } of inputs) {
      for (const source of sources) {
        if (source.kind !== 'output' || source.path === undefined || kind === 'checkpoint') continue;
        const { instance, output, path } = source;
        byProducer[instance] ??= new Map();
        byProducer[instance].set(`${output}/${path}`, { output, path });
      }
    }
  }
  return byProducer.map((promises) => promises && [...promises.values()]);
}
