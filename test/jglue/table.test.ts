import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { publishedName } from '../../src/jglue/table/published.ts';
import jglueTable from '../../stages/jglue-table.ts';
import { runStage } from '../stages/run-stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));

let written = 0;

function metrics(more: object): string {
  const path = join(folder, `${written++}.json`);
  const run = {
    task: 'jsts',
    model: { name: 'mine | a', weights: 'sha256:1' },
    learning_rate: 5e-5,
    epochs: 3,
    batch_size: 32,
    seed: 42,
    train_examples: 100,
    dev: { examples: 10, pearson: 0.9, spearmanr: 0.8 },
  };
  writeFileSync(path, JSON.stringify({ ...run, ...more }));
  return path;
}

test('the best run by dev stands beside the published row, and what was not run is marked', async (t) => {
  const inputs = {
    metrics: [
      metrics({ dev: { pearson: null, spearmanr: null } }),
      metrics({
        learning_rate: 3e-5,
        dev: { pearson: 0.9209, spearmanr: 0.87 },
        test: { pearson: 0.7, spearmanr: 0.6 },
      }),
      metrics({ learning_rate: 2e-5, epochs: 4, dev: { pearson: 0.91, spearmanr: 0.9 } }),
    ],
  };
  const { outputs, conclusions } = await runStage(t, jglueTable, {
    with: { reference: 'bert-base-japanese-v3' },
    inputs,
  });
  assert.deepEqual(conclusions, [
    `mine | a  metric            dev          base-v3, published  difference     test
  JSTS    Pearson/Spearman  0.921/0.870  0.919/0.881         +0.002/−0.011  0.700/0.600`,
  ]);
  const text = readFileSync(join(outputs.table, 'jglue.md'), 'utf8');
  assert.match(text, /^## mine \\\| a$/m);
  assert.match(text, /\| MARC-ja \| accuracy \| not run \| 0\.962 \|/);
  const row =
    '| JSTS | Pearson/Spearman | 0.921/0.870 | 0.919/0.881 | +0.002/−0.011 | 0.700/0.600 | 3e-5 | 3 | 32 | 42 | 100 | 3 runs | ';
  assert.ok(text.includes(`${row}5e-5 × 4, 3e-5 × 4, 2e-5 × 3 |`));
  const values = JSON.parse(readFileSync(join(outputs.table, 'jglue.json'), 'utf8'));
  const [model] = values.models;
  assert.deepEqual(model.tasks.jsts.difference, { pearson: 0.002, spearmanr: -0.011 });
  assert.deepEqual(model.tasks.jsts.best.learning_rate, 3e-5);
  assert.equal(model.tasks.marc_ja, null);
});

test('models stand apart by name and weights; without a reference all published rows are shown', async (t) => {
  const other = { model: { name: 'mine | a', weights: 'sha256:2' } };
  const { outputs } = await runStage(t, jglueTable, { with: {}, inputs: { metrics: [metrics({}), metrics(other)] } });
  const text = readFileSync(join(outputs.table, 'jglue.md'), 'utf8');
  assert.equal(text.match(/^## mine/gm)?.length, 2);
  assert.match(text, /^\| base-char-v3 \| 0\.959 \| 0\.914\/0\.875 \| 0\.903 \| 0\.871\/0\.939 \| 0\.786 \|$/m);
});

test('a file that is no result, and a model that was not published', async (t) => {
  const path = join(folder, 'other.json');
  writeFileSync(path, '{"task": "sst2"}');
  const run = (metrics: string) => runStage(t, jglueTable, { with: {}, inputs: { metrics: [metrics] } });
  await assert.rejects(run(path), /other\.json: task: .*is it the metrics of the stage jglue\?/);
  writeFileSync(path, 'loss');
  await assert.rejects(run(path), /other\.json is not JSON/);
  assert.equal(publishedName('tohoku-nlp/bert-large-japanese-char-v2'), 'large-char-v2');
  assert.equal(publishedName('bert-large-japanese'), 'large');
  assert.equal(publishedName('base'), undefined);
  assert.equal(publishedName('toString'), undefined);
});
