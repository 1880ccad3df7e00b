import { instance as loadViz } from '@viz-js/viz';
import { quoteDot } from '../../graph/render.ts';
import type { GroupState, RunState } from '../../ui/index.ts';

/** The stages as boxes, each of a class that says how it ended, with arrows to what reads from them: SVG. */
export async function graphPicture({ groups, started }: RunState): Promise<string> {
  const positions = new Map(groups.map(({ stage }, position) => [stage, position]));
  const boxes = groups.map(
    (group, position) => `n${position} [label=${quoteDot(labelOf(group))} class=${quoteDot(classOf(group))}]`,
  );
  const arrows = (started?.edges ?? []).map(([from, to]) => `n${positions.get(from)} -> n${positions.get(to)}`);
  const dot = `digraph {
    rankdir=LR bgcolor=transparent ranksep=0.35 nodesep=0.15
    node [shape=box style="rounded,filled" fontname="system-ui,sans-serif" fontsize=12 height=0.35 margin="0.2,0.05"]
    edge [arrowsize=0.6]
    ${[...boxes, ...arrows].join('\n')}
  }`;
  const viz = await loadViz();
  const svg = viz.renderString(dot, { format: 'svg' });
  return svg.slice(svg.indexOf('<svg'));
}

function labelOf({ stage, instances }: GroupState): string {
  return instances.length > 1 ? `${stage} ×${instances.length}` : stage;
}

/** How the stage as a whole stands: the worst of its instances. */
export function classOf({ counts, instances }: Pick<GroupState, 'counts' | 'instances'>): string {
  if (counts.failed > 0) return 'failed';
  if (counts.cancelled + counts.skipped > 0) return 'skipped';
  if (counts.cached + counts.shared === instances.length) return 'cached';
  return counts.built + counts.cached + counts.shared === instances.length ? 'built' : 'open';
}
