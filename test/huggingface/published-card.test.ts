import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { publishedCard, type Step } from '../../src/huggingface/model-card/published-card.ts';

const step = (instance: string, stage: string | undefined, parameters: Step['parameters']): Step => ({
  instance,
  stage,
  parameters,
  outputs: { out: { digest: `sha256:${'ab'.repeat(32)}` } },
  seconds: 5400,
  version: '0.1.0',
  commit: '0123456789abcdef',
});
const steps = [
  step('convert', 'convert', { hidden_act: 'gelu' }),
  step('wiki', 'wikipedia-corpus', { min_sentence_length: 10, note: 'a|b' }),
  step('cc', 'download', { url: 'https://example.org/cc-100/ja.txt.xz' }),
  { ...step('words', undefined, {}), seconds: 9 },
];
const kinds = { JSTS: 'regression', JNLI: 'classification', JSQuAD: 'span', JCommonsenseQA: 'choice' } as const;
const run = (task: keyof typeof kinds, learningRate: number, metrics: Readonly<Record<string, number>>) => ({
  task,
  kind: kinds[task],
  learningRate,
  epochs: 3,
  metrics,
});

test('the front matter names the data, the metrics and the best run of each task', () => {
  const card = publishedCard('# BERT\n\nText.\n', 'BERT', steps, [
    run('JSTS', 3e-5, { pearson: 0.9, spearmanr: 0.87 }),
    run('JSTS', 5e-5, { pearson: 0.91, spearmanr: 0.86 }),
    run('JNLI', 2e-5, { accuracy: 0.8 }),
    run('JSQuAD', 2e-5, { em: 0.7, f1: 0.8 }),
    run('JCommonsenseQA', 2e-5, { accuracy: 0.5 }),
  ]);
  const [, yaml = '', body = ''] = /^---\n([\s\S]*?)---\n\n([\s\S]*)$/.exec(card) ?? [];
  const front = parse(yaml);
  assert.equal(front.language, 'ja');
  assert.equal(front.license, 'apache-2.0');
  assert.deepEqual(front.datasets, ['cc100', 'wikipedia']);
  assert.deepEqual(front.metrics, ['pearsonr', 'spearmanr', 'accuracy', 'exact_match', 'f1']);
  const [{ name, results }] = front['model-index'];
  assert.equal(name, 'BERT');
  assert.deepEqual(
    results.map(({ task, dataset }: Record<'task' | 'dataset', Record<string, string>>) => [task.type, dataset.name]),
    [
      ['sentence-similarity', 'JGLUE JSTS'],
      ['text-classification', 'JGLUE JNLI'],
      ['question-answering', 'JGLUE JSQuAD'],
      ['multiple-choice', 'JGLUE JCommonsenseQA'],
    ],
  );
  assert.deepEqual(results[0].metrics, [
    { type: 'pearsonr', value: 0.91 },
    { type: 'spearmanr', value: 0.86 },
  ]);
  assert.match(body, /^# BERT\n\nText\.\n\n## Results on JGLUE\n/);
  assert.match(body, /\| JSTS \| pearson 0\.910, spearmanr 0\.860 \| 5e-5 \| 3 \|/);
});

test('every step stands with its parameters, digests, commit and hours, the first at the top', () => {
  const card = publishedCard('# BERT\n', 'BERT', steps, []);
  assert.doesNotMatch(card, /model-index|metrics:|JGLUE/);
  const rows = card.split('\n').filter((line) => line.includes('sha256:'));
  assert.equal(rows.length, 4);
  assert.match(rows[0]!, /^\| words \| script \| .* \| 0\.0025 \|$/);
  assert.match(
    rows[2]!,
    /^\| wiki \| wikipedia-corpus \| min_sentence_length: 10, note: "a\\\|b" \| out `sha256:abababababab` \| 0123456789ab \| 1\.50 \|$/,
  );
  assert.match(rows[3]!, /^\| convert \| convert \| /);
});

test('odd names and values stay within their place in the front matter and the table', () => {
  const odd = '"x": |\n---\n# <script> `a` | 名前';
  const card = publishedCard(
    '# BERT\n',
    odd,
    [step(odd, 'jglue', { model_name: odd })],
    [run('JNLI', 2e-5, { accuracy: 0.8 })],
  );
  const [, yaml = '', body = ''] = /^---\n([\s\S]*?)\n---\n\n([\s\S]*)$/.exec(card) ?? [];
  assert.equal(parse(yaml)['model-index'][0].name, odd);
  const rows = body.split('\n').filter((line) => line.includes('sha256:'));
  assert.equal(rows.length, 1);
  assert.equal(rows[0]!.match(/(?<!\\)\|/g)?.length, 7);
  assert.doesNotMatch(body, /^---|<script>/m);
});
