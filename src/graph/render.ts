/** Drawings of a graph, for terminals and for documents. */
import stringWidth from 'string-width';
import type { Outline, OutlineNode } from './outline.ts';

export const graphFormats = ['text', 'mermaid', 'dot', 'svg'] as const;
export type GraphFormat = (typeof graphFormats)[number];

/** The graph as a document that ends with a line feed. */
export async function renderGraph(outline: Outline, format: GraphFormat): Promise<string> {
  switch (format) {
    case 'text':
      return asText(outline);
    case 'mermaid':
      return asMermaid(outline);
    case 'dot':
      return asDot(outline);
    case 'svg':
      return asSvg(outline);
  }
}

const widestLabel = 48;

/** A line for each node, sources first, with the nodes that it reads from behind an arrow. */
function asText({ nodes }: Outline): string {
  const labels = nodes.map(textLabel);
  const width = Math.min(widestLabel, Math.max(0, ...labels.map((label) => stringWidth(label))));
  const lines = nodes.map(({ from }, position) => {
    const label = labels[position]!;
    if (from.length === 0) return label;
    const padding = ' '.repeat(Math.max(0, width - stringWidth(label)));
    return `${label}${padding}  ← ${from.map((other) => nodes[other]!.name).join(', ')}`;
  });
  return lines.map((line) => `${line}\n`).join('');
}

function textLabel({ name, count, axes }: OutlineNode): string {
  return axes.length === 0 ? name : `${name} ×${count} (${axes.join(', ')})`;
}

function asMermaid({ nodes }: Outline): string {
  const boxes = nodes.map((node, position) => `  n${position}["${lines(node).map(escapeMermaid).join('<br>')}"]`);
  const arrows = edges(nodes).map(([from, to]) => `  n${from} --> n${to}`);
  return `${['flowchart TD', ...boxes, ...arrows].join('\n')}\n`;
}

function asDot({ title, nodes }: Outline): string {
  const boxes = nodes.map((node, position) => `  n${position} [label=${quoteDot(lines(node).join('\n'))}]`);
  const arrows = edges(nodes).map(([from, to]) => `  n${from} -> n${to}`);
  return `digraph ${quoteDot(title)} {
  node [shape=box style="rounded,filled" fillcolor="#f6f2ea" color="#8a6d3b" fontname="Helvetica,sans-serif" fontsize=12]
  edge [color="#8a6d3b" arrowsize=0.7]
${[...boxes, ...arrows].join('\n')}
}
`;
}

async function asSvg(outline: Outline): Promise<string> {
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  return viz.renderString(asDot(outline), { format: 'svg' });
}

function lines({ name, count, axes }: OutlineNode): string[] {
  return axes.length === 0 ? [name] : [name, `×${count}: ${axes.join(', ')}`];
}

function edges(nodes: readonly OutlineNode[]): (readonly [number, number])[] {
  return nodes.flatMap(({ from }, to) => from.map((position) => [position, to] as const));
}

export function quoteDot(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function escapeMermaid(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
}
