/** Stages drawn as a tree: each below the one that it waits for longest. */
export interface TreeNode {
  readonly stage: string;
  /** Lines that lead to it: `│ └ `. */
  readonly branch: string;
  /** The same for what unfolds below it. */
  readonly trunk: string;
}

type Edges = readonly (readonly [string, string])[];

/**
 * All stages, parents before children. A stage with several dependencies stands below the one at the end of the
 * longest chain, the later one if two are equal; siblings keep the order of `stages`.
 *
 * @param stages in topological order.
 * @param edges pairs: the second reads from the first. Pairs that name other stages are passed over.
 */
export function stageTree(stages: readonly string[], edges: Edges): TreeNode[] {
  const children = childrenOf(stages, edges);
  const nodes: TreeNode[] = [];
  const visit = (stage: string, branch: string, trunk: string) => {
    nodes.push({ stage, branch, trunk });
    const below = children.get(stage) ?? [];
    for (const [index, child] of below.entries()) {
      const last = index === below.length - 1;
      visit(child, `${trunk}${last ? '└ ' : '├ '}`, `${trunk}${last ? '  ' : '│ '}`);
    }
  };
  for (const root of children.get(undefined) ?? []) visit(root, '', '');
  return nodes;
}

function childrenOf(stages: readonly string[], edges: Edges): Map<string | undefined, string[]> {
  const depths = new Map<string, number>();
  const children = new Map<string | undefined, string[]>();
  for (const stage of stages) {
    let parent: string | undefined;
    let depth = 0;
    for (const [from, to] of edges) {
      const below = to === stage ? depths.get(from) : undefined;
      if (below === undefined || below + 1 < depth) continue;
      parent = from;
      depth = below + 1;
    }
    depths.set(stage, depth);
    children.set(parent, [...(children.get(parent) ?? []), stage]);
  }
  return children;
}
