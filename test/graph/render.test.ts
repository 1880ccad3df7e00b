import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceOutline, stageOutline } from '../../src/graph/outline.ts';
import { renderGraph } from '../../src/graph/render.ts';
import { planOf } from './plan-of.ts';

const plan = planOf({
  corpus: {},
  データ: { after: ['corpus'], matrix: [{ shard: 1 }, { shard: 2 }] },
  'a"b<c>&': { after: ['corpus', 'データ[shard=1]'] },
});

test('as text, a matrix is one line, and arrows line up behind full-width names', async () => {
  assert.equal(
    await renderGraph(stageOutline(plan), 'text'),
    'corpus\nデータ ×2 (shard)  ← corpus\na"b<c>&            ← corpus, データ\n',
  );
});

test('as text, each instance can have a line of its own', async () => {
  const lines = (await renderGraph(instanceOutline(plan), 'text')).split('\n');
  assert.deepEqual(lines.slice(0, 3), ['corpus', 'データ[shard=1]  ← corpus', 'データ[shard=2]  ← corpus']);
});

test('a mermaid label cannot end its own quotes', async () => {
  assert.equal(
    await renderGraph(stageOutline(plan), 'mermaid'),
    `flowchart TD
  n0["corpus"]
  n1["データ<br>×2: shard"]
  n2["a#quot;b#lt;c#gt;#amp;"]
  n0 --> n1
  n0 --> n2
  n1 --> n2
`,
  );
});

test('a dot label cannot end its own quotes', async () => {
  const dot = await renderGraph(stageOutline(plan), 'dot');
  assert.match(dot, /^digraph "example" \{\n/);
  assert.ok(dot.includes('  n2 [label="a\\"b<c>&"]\n'));
  assert.ok(dot.includes('  n1 -> n2\n'));
});

test('the SVG holds every name and every edge', async () => {
  const svg = await renderGraph(stageOutline(plan), 'svg');
  for (const text of ['>corpus<', '>データ<', '>×2: shard<', '>a&quot;b&lt;c&gt;&amp;<'])
    assert.ok(svg.includes(text), text);
  assert.equal(svg.match(/class="edge"/g)?.length, 3);
});
