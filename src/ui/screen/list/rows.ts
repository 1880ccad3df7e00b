/** The list of the screen as numbered rows, of which only the visible ones are ever made. */
import type { RunStarted } from '../../../run/events.ts';
import type { GroupState, InstanceState, RunState } from '../../state/run-state.ts';
import { textWidth } from '../../text-width.ts';
import { stageTree, type TreeNode } from './stage-tree.ts';

export interface Row {
  /** Of its instance, or of its stage. */
  readonly id: string;
  readonly group: GroupState;
  /** Absent on the row of a stage with many instances. */
  readonly instance?: InstanceState;
  readonly branch: string;
  readonly name: string;
  readonly fold?: 'folded' | 'unfolded';
}

export interface Rows {
  readonly count: number;
  /** Cells that the widest branch, name and fold mark take, of all rows. */
  readonly widest: number;
  at(index: number): Row | undefined;
  indexOf(id: string): number;
}

interface Section {
  readonly node: StageNode;
  readonly group: GroupState;
  readonly first: number;
  readonly unfolded: boolean;
}

interface StageNode extends TreeNode {
  /** Cells of its own row, and of the widest row below it. */
  readonly stageWidth: number;
  readonly instanceWidth: number;
}

/** Stages as a tree; below an unfolded one its instances. */
export function listRows(state: RunState, unfolded: ReadonlySet<string>): Rows {
  const sections = sectionsOf(state, unfolded);
  const end = sections.at(-1);
  return {
    count: end ? end.first + sectionHeight(end) : 0,
    widest: Math.max(
      0,
      ...sections.map(({ node, unfolded }) =>
        unfolded ? Math.max(node.stageWidth, node.instanceWidth) : node.stageWidth,
      ),
    ),
    at(index) {
      const section = sections.findLast(({ first }) => first <= index);
      if (!section || index < 0 || index >= section.first + sectionHeight(section)) return undefined;
      return index === section.first ? stageRow(section) : instanceRow(section, index - section.first - 1);
    },
    indexOf(id) {
      for (const { node, group, first, unfolded } of sections) {
        if (node.stage === id) return first;
        if (!unfolded || !id.startsWith(`${node.stage}[`)) continue;
        const place = group.instances.findIndex((instance) => instance.id === id);
        if (place >= 0) return first + 1 + place;
      }
      return -1;
    },
  };
}

function sectionsOf(state: RunState, unfolded: ReadonlySet<string>): Section[] {
  const groups = new Map(state.groups.map((group) => [group.stage, group]));
  let first = 0;
  return treeOf(state).map((node) => {
    const group = groups.get(node.stage)!;
    const section = { node, group, first, unfolded: isMatrix(group) && unfolded.has(node.stage) };
    first += sectionHeight(section);
    return section;
  });
}

/** The tree hangs on the first event, which never changes. */
const trees = new WeakMap<RunStarted, readonly StageNode[]>();

function treeOf({ started }: RunState): readonly StageNode[] {
  if (!started) return [];
  let tree = trees.get(started);
  if (!tree) {
    tree = measuredTree(started);
    trees.set(started, tree);
  }
  return tree;
}

function measuredTree({ groups, edges }: RunStarted): StageNode[] {
  const instances = new Map(groups.map((group) => [group.stage, group.instances]));
  const names = groups.map(({ stage }) => stage);
  return stageTree(names, edges).map((node) => {
    const ids = instances.get(node.stage) ?? [];
    const longest = ids.reduce((widest, id) => Math.max(widest, textWidth(id)), 0);
    const mark = node.branch.length + 2;
    const fold = ids.length > 1 ? ` ▸${ids.length}`.length : 0;
    return {
      ...node,
      stageWidth: mark + textWidth(node.stage) + fold,
      instanceWidth: mark + 2 + longest - textWidth(node.stage),
    };
  });
}

function sectionHeight({ group, unfolded }: Section): number {
  return unfolded ? 1 + group.instances.length : 1;
}

function isMatrix({ axes, instances }: GroupState): boolean {
  return axes.length > 0 || instances.length > 1;
}

function stageRow({ node, group, unfolded }: Section): Row {
  const row = { id: node.stage, group, branch: node.branch, name: node.stage };
  if (isMatrix(group)) return { ...row, fold: unfolded ? 'unfolded' : 'folded' };
  const instance = group.instances[0];
  return instance ? { ...row, instance } : row;
}

function instanceRow({ node, group }: Section, place: number): Row {
  const instance = group.instances[place]!;
  const name = instance.id.slice(node.stage.length + 1, -1);
  return { id: instance.id, group, instance, branch: `${node.trunk}  `, name };
}
