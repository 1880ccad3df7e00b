import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';

const workflow = (rate: number) => ({
  name: 'lab',
  params: { rate, note: '<script>alert(1)</script>' },
  configs: { model: 'model.yaml' },
  stages: {
    text: { run: 'echo 桜 > ${{ outputs.text }}', outputs: { text: 'file' } },
    train: {
      matrix: { seed: [1, 2] },
      inputs: { text: '${{ stages.text.outputs.text }}', model: '${{ configs.model }}' },
      run: `for step in 1 2 3; do
  echo "{\\"type\\": \\"metric\\", \\"name\\": \\"loss\\", \\"value\\": 0.$step, \\"step\\": $step}" >> "$KUMIKI_EVENTS"
done
cat \${{ inputs.text }} > \${{ outputs.out }}; echo \${{ params.rate }} \${{ matrix.seed }} >> \${{ outputs.out }}`,
      outputs: { out: 'file' },
    },
    broken: { run: `echo '<img src=x onerror=alert(2)>'; exit 3`, outputs: { out: 'file' } },
  },
});

let lab: Workspace;
before(async () => {
  lab = new Workspace({ 'workflow.yaml': workflow(1), 'model.yaml': 'layers: 2\n' });
  assert.equal((await lab.start(['run', '--name', 'first']).finished).exit, 1);
  lab.write('workflow.yaml', workflow(2));
  lab.write('model.yaml', 'layers: 4\n');
  assert.equal((await lab.start(['run', '--name', 'second']).finished).exit, 1);
});
after(() => lab[Symbol.asyncDispose]());

test('a report is one page that loads nothing, with stages, curves, failures and parameters', async () => {
  const { exit, stdout } = await lab.start(['report', 'first', '-o', 'pages/first.html']).finished;
  assert.equal(exit, 0);
  assert.equal(stdout, 'pages/first.html\n');
  const page = readFileSync(lab.path('pages/first.html'), 'utf8');
  assert.doesNotMatch(page, /(?:src|href)="https?:|@import|url\(/);
  for (const expected of ['train ×2', 'seed=1', 'loss', 'broken', 'kumiki run', '<h1>first</h1>', 'configs:']) {
    assert.ok(page.includes(expected), `the page does not say ${expected}`);
  }
  assert.match(page, /href="\.\.\/cache\/runs\/[^"]+\/logs\/train%5Bseed=1%5D\.1\.log"/);
});

test('what a run says is text in the page, never markup', async () => {
  await lab.start(['report', 'first', '-o', 'first.html']).finished;
  const page = readFileSync(lab.path('first.html'), 'utf8');
  assert.doesNotMatch(page, /<script|<img/);
  assert.match(page, /&lt;script&gt;alert\(1\)/);
  assert.match(page, /&lt;img src=x/);
});

test('without a name the newest run is meant; an unknown one is refused', async () => {
  const { stdout } = await lab.start(['report']).finished;
  assert.equal(stdout, 'report-second.html\n');
  const { exit, stderr } = await lab.start(['report', 'third']).finished;
  assert.equal(exit, 2);
  assert.match(stderr, /there is no run third/);
});

test('a comparison names parameters and configurations that differ, what is shared, and metrics', async () => {
  const { stdout } = await lab.start(['compare', 'first', 'second', '--json']).finished;
  const comparison = JSON.parse(stdout);
  assert.deepEqual(comparison.runs, ['first', 'second']);
  assert.deepEqual(comparison.params, [{ name: 'rate', values: [1, 2] }]);
  const stages = Object.fromEntries(comparison.stages.map((row: { stage: string }) => [row.stage, row]));
  assert.equal(stages.text.shared, 1);
  assert.equal(stages.train.differing, 2);
  assert.equal(stages.broken.partial, 1);
  const model = comparison.causes.find(({ name }: { name: string }) => name === 'model.layers');
  assert.deepEqual(model, { stage: 'train', name: 'model.layers', values: [2, 4], instances: 2 });
  assert.deepEqual(
    comparison.metrics.map(({ instance, values }: { instance: string; values: number[] }) => [instance, values]),
    [
      ['train[seed=1]', [0.3, 0.3]],
      ['train[seed=2]', [0.3, 0.3]],
    ],
  );
});

test('a comparison is a table, CSV, or a page with the curves of all runs', async () => {
  const text = (await lab.start(['compare', 'first', 'second']).finished).stdout;
  assert.match(text, /parameter +first +second\nrate +1 +2/);
  const csv = (await lab.start(['compare', 'first', 'second', '--csv']).finished).stdout;
  assert.equal(csv.split('\n')[1], 'train[seed=1],loss,0.3,0.3');
  await lab.start(['compare', 'first', 'second', '-o', 'both.html']).finished;
  const page = readFileSync(lab.path('both.html'), 'utf8');
  assert.match(page, /model\.layers/);
  assert.match(page, /<svg/);
  const { exit, stderr } = await lab.start(['compare', 'first']).finished;
  assert.equal(exit, 2);
  assert.match(stderr, /name two runs or more/);
});
