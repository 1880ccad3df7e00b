import type { Plan } from './plan.ts';

/** A graph as people look at it: a box and a line for each, whatever they stand for. */
export interface Outline {
  readonly title: string;
  /** In topological order. */
  readonly nodes: readonly OutlineNode[];
}

export interface OutlineNode {
  readonly name: string;
  /** How many instances the node stands for, and the axes of their matrix. */
  readonly count: number;
  readonly axes: readonly string[];
  /** Positions of the nodes that it reads from, ascending. */
  readonly from: readonly number[];
}

/** One node a stage; the instances of a matrix are folded into it. */
export function stageOutline(plan: Plan): Outline {
  const positions = new Map<string, number>();
  for (const { stage } of plan.instances) if (!positions.has(stage)) positions.set(stage, positions.size);
  const nodes = [...positions.keys()].map((name) => ({
    name,
    count: 0,
    axes: new Set<string>(),
    from: new Set<number>(),
  }));
  for (const instance of plan.instances) {
    const node = nodes[positions.get(instance.stage)!]!;
    node.count++;
    for (const axis of Object.keys(instance.matrix)) node.axes.add(axis);
    for (const index of instance.dependsOn) node.from.add(positions.get(plan.instances[index]!.stage)!);
  }
  return {
    title: plan.name,
    nodes: nodes.map(({ axes, from, ...node }) => ({
      ...node,
      axes: [...axes],
      from: [...from].sort((a, b) => a - b),
    })),
  };
}

/** One node an instance. */
export function instanceOutline(plan: Plan): Outline {
  const nodes = plan.instances.map(({ id, dependsOn }) => ({ name: id, count: 1, axes: [], from: dependsOn }));
  return { title: plan.name, nodes };
}
