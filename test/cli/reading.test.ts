/** What can be learned of a workflow between runs: explain, status, output, graph. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';

const files = {
  'workflow.yaml': {
    name: 'reading',
    params: { word: 'one' },
    configs: { model: 'model.yaml' },
    stages: {
      config: {
        inputs: { model: '${{ configs.model.encoder }}' },
        run: 'cp ${{ inputs.model }} ${{ outputs.copy }}',
        outputs: { copy: 'file' },
      },
      word: { run: 'echo ${{ params.word }} > ${{ outputs.text }}', outputs: { text: 'file' } },
      texts: {
        inputs: { all: "${{ glob('texts/*.txt') }}" },
        run: 'cat ${{ inputs.all }} > ${{ outputs.text }}',
        outputs: { text: 'file' },
      },
      each: {
        matrix: { n: [1, 2] },
        run: 'cp ${{ stages.word.outputs.text }} ${{ outputs.folder }}/${{ matrix.n }}',
        outputs: { folder: 'directory' },
      },
      scrap: { run: 'echo 1 > ${{ outputs.text }}', outputs: { text: 'file' }, temp: true },
      after: { run: 'cp ${{ stages.scrap.outputs.text }} ${{ outputs.text }}', outputs: { text: 'file' } },
    },
  },
  'model.yaml': 'encoder: {layers: 2, hidden: 4}\noptimizer: {rate: 0.1}\n',
  'texts/a.txt': 'a\n',
};

async function built(): Promise<Workspace> {
  const workspace = new Workspace(files);
  assert.equal((await workspace.kumiki(['run'])).exit, 0);
  return workspace;
}

test('explain tells what differs: values of configs and parameters by name, inputs, lines of the script', async () => {
  await using workspace = await built();
  const explained = async (stage: string, ...options: string[]) => {
    const { exit, stdout, stderr } = await workspace.kumiki(['explain', stage, ...options]);
    assert.equal(exit, 0, stderr);
    return stdout.split('\n').slice(1).join('\n').trimEnd();
  };
  assert.match((await workspace.kumiki(['explain', 'word'])).stdout, /^word is current: [0-9a-f]{12}, made .* in run /);

  workspace.write('model.yaml', 'encoder: {layers: 3, hidden: 4, heads: 2} # wider\noptimizer: {rate: 0.2}\n');
  assert.equal(await explained('config'), '  inputs.model.layers: 2 → 3\n  inputs.model.heads: (none) → 2');

  assert.equal(await explained('word', '--set', 'params.word=two'), '  params.word: "one" → "two"');
  assert.equal(
    await explained('word', '--set', 'stages.word.run=echo hello > ${{ outputs.text }}'),
    '  run: "echo ${{ params.word }} > ${{ outputs.text }}" → "echo hello > ${{ outputs.text }}"\n  params.word: "one" → (none)',
  );

  workspace.write('texts/b.txt', 'b\n');
  assert.equal(await explained('texts'), '  input all: texts/b.txt is new');

  const [first] = JSON.parse((await workspace.kumiki(['explain', 'config', '--json'])).stdout);
  assert.deepEqual(first.since.changes[0], { kind: 'recipe', path: 'inputs.model.layers', before: 2, now: 3 });
});

test('explain of a stage whose inputs are still to be made says for whom it waits', async () => {
  await using workspace = await built();
  const { stdout } = await workspace.kumiki(['explain', 'each[n=1]', '--set', 'params.word=two']);
  assert.equal(stdout, 'each[n=1] waits for word: what they give decides\n  kumiki explain word\n');
});

test('output prints paths that can be read; what is stale, removed or unknown gets an exit code and a remedy', async () => {
  await using workspace = await built();
  const { stdout } = await workspace.kumiki(['output', 'each[n=2].folder/2']);
  assert.equal(workspace.read(stdout.trim().slice(workspace.root.length + 1)), 'one\n');
  assert.equal((await workspace.kumiki(['output', 'each.folder'])).stdout.trim().split('\n').length, 2);

  const stale = await workspace.kumiki(['output', 'word.text', '--set', 'params.word=two']);
  assert.deepEqual([stale.exit, stale.stdout], [1, '']);
  assert.match(stale.stderr, /word: not there or not up to date; `kumiki explain`/);

  const removed = await workspace.kumiki(['output', 'scrap.text']);
  assert.equal(removed.exit, 1);
  assert.match(removed.stderr, /scrap: kept no longer; `kumiki run --force scrap` makes it again/);

  for (const unknown of ['wrod.text', 'word.txt', 'word']) {
    assert.equal((await workspace.kumiki(['output', unknown])).exit, 2, unknown);
  }
});

test('status counts the instances of each stage by how they stand', async () => {
  await using workspace = await built();
  assert.match(
    (await workspace.kumiki(['status'])).stdout,
    /^reading · workflow.yaml\n[\s\S]*✓ {2}each ×2 {2}2 current\n/,
  );
  const { stdout } = await workspace.kumiki(['status', '--json', '--set', 'params.word=two']);
  const { stages } = JSON.parse(stdout) as { stages: { stage: string; stale: string[]; waiting: string[] }[] };
  const open = stages.filter(({ stale, waiting }) => stale.length + waiting.length > 0);
  assert.deepEqual(
    open.map(({ stage, stale, waiting }) => ({ stage, stale, waiting })),
    [
      { stage: 'word', stale: ['word'], waiting: [] },
      { stage: 'each', stale: [], waiting: ['each[n=1]', 'each[n=2]'] },
    ],
  );
});

test('graph draws as text, mermaid, dot and SVG', async () => {
  await using workspace = await built();
  const drawn = async (format: string) => (await workspace.kumiki(['graph', '--format', format])).stdout;
  assert.match(await drawn('text'), /each ×2 \(n\) +← word\n/);
  assert.match(await drawn('mermaid'), /^flowchart TD\n[\s\S]*-->/);
  assert.match(await drawn('dot'), /^digraph "reading" \{[\s\S]*->[\s\S]*\}\n$/);
  assert.match(await drawn('svg'), /<svg [\s\S]*>each<[\s\S]*<\/svg>/);
  await workspace.kumiki(['graph', '--instances', '--format', 'mermaid', '--output', 'graph.mmd']);
  assert.match(workspace.read('graph.mmd'), /each\[n=2\]/);
});

test('what --output cannot name is a wrong request; its folders are made', async () => {
  await using workspace = await built();
  const drawn = await workspace.kumiki(['graph', '--output', 'drawings/graph.txt']);
  assert.deepEqual([drawn.exit, drawn.stderr], [0, '']);
  assert.match(workspace.read('drawings/graph.txt'), /each ×2/);
  for (const command of [
    ['graph', '-o', 'drawings'],
    ['report', '-o', 'workflow.yaml/report.html'],
  ]) {
    const { exit, stderr } = await workspace.kumiki(command);
    assert.equal(exit, 2, stderr);
    assert.match(stderr, /^kumiki: cannot write .*name another file with --output\n$/);
  }
});

test('the report of a run whose name has a slash lies beside the others', async () => {
  await using workspace = await built();
  await workspace.kumiki(['run', 'word', '--name', 'seed/1']);
  assert.equal((await workspace.kumiki(['report', 'seed/1'])).stdout, 'report-seed_1.html\n');
});
