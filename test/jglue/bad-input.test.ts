import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { classesOf, targetOf } from '../../src/jglue/tasks/labels.ts';
import { readQuestions } from '../../src/jglue/tasks/questions.ts';
import { readSentenceExamples } from '../../src/jglue/tasks/sentence-examples.ts';
import { type TaskName, tasks } from '../../src/jglue/tasks/task.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));

function file(...lines: readonly unknown[]): string {
  const path = join(folder, 'examples.json');
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return path;
}

const pair = { sentence1: '雨です。', sentence2: '晴れです。', label: 'neutral' };

const sentenceFaults: readonly [TaskName, unknown, RegExp][] = [
  ['jnli', '{"sentence1": "雨', /examples\.json:2: not a JSON object on one line/],
  ['jnli', [1], /examples\.json:2: not a JSON object/],
  [
    'jnli',
    { ...pair, label: 3.2 },
    /examples\.json:2: the label of JNLI is the name of a class, not 3\.2: this is a file of JSTS, and the task is jnli/,
  ],
  ['jnli', { ...pair, label: undefined }, /examples\.json:2: no label/],
  ['jnli', { ...pair, label: '' }, /examples\.json:2: the label of JNLI is the name of a class, not ""/],
  [
    'jnli',
    { question: 'どれ？', choice0: 'あ' },
    /examples\.json:2: no text 'sentence1' in it: this is a file of JCommonsenseQA/,
  ],
  [
    'marc_ja',
    { text: '良い', label: 'positive' },
    /examples\.json:2: no text 'sentence' in it: is it a file of MARC-ja\?/,
  ],
];

for (const [task, line, message] of sentenceFaults) {
  test(`${task}: ${JSON.stringify(line)}`, async () => {
    const first = task === 'marc_ja' ? { sentence: '良い', label: 'positive' } : pair;
    await assert.rejects(readSentenceExamples(file(first, line), tasks[task], { labelled: true }), message);
  });
}

test('a score that is no finite number', async () => {
  const line = JSON.stringify({ ...pair, label: 1 }).replace('"label":1', '"label":1e999');
  await assert.rejects(
    readSentenceExamples(file(line), tasks.jsts, { labelled: true }),
    /examples\.json:1: the label of JSTS is a number, not Infinity/,
  );
});

test('a byte order mark, CRLF and blank lines change nothing', async () => {
  const text = `\ufeff\r\n${JSON.stringify(pair)}\r\n \r\n${JSON.stringify(pair)}\r\n`;
  const examples = await readSentenceExamples(file(text), tasks.jnli, { labelled: true });
  assert.deepEqual(
    examples.map(({ place, label }) => [place.split(':').at(-1), label]),
    [
      ['2', 'neutral'],
      ['4', 'neutral'],
    ],
  );
  const questions = file(`\ufeff${JSON.stringify(squad({}), null, 1).replaceAll('\n', '\r\n')}`);
  assert.equal((await readQuestions(questions, { labelled: true })).length, 1);
});

test('a choice beyond the fifth, and a file without examples', async () => {
  const choices = Object.fromEntries(['あ', 'い', 'う', 'え', 'お'].map((text, i) => [`choice${i}`, text]));
  const path = file({ question: 'どれ？', ...choices, label: 5 });
  const read = (path: string) => readSentenceExamples(path, tasks.jcommonsenseqa, { labelled: true });
  await assert.rejects(
    read(path),
    /examples\.json:1: the label of JCommonsenseQA is a whole number from 0 to 4, not 5/,
  );
  await assert.rejects(read(file()), /examples\.json: there are no examples in it/);
});

test('labels that training cannot use', async () => {
  const read = (...lines: unknown[]) => readSentenceExamples(file(...lines), tasks.jnli, { labelled: true });
  const train = await read(pair, { ...pair, label: 'entailment' });
  const [other] = await read({ ...pair, label: 'entailed' });
  const classes = classesOf(train);
  assert.deepEqual(classes, ['entailment', 'neutral']);
  assert.throws(
    () => targetOf(other!, classes),
    /examples\.json:1: the label 'entailed' does not occur in the training examples \(entailment, neutral\)/,
  );
  assert.throws(() => classesOf([train[0]!]), /all training examples have the label 'neutral'/);
});

const question = { id: 'q1', question: 'いつ？', answers: [{ text: '昨日', answer_start: 0 }] };
const squad = (more: object, context = '昨日、雨が降った。') => ({
  data: [{ paragraphs: [{ context, qas: [{ ...question, ...more }] }] }],
});

const questionFaults: readonly [string, unknown, RegExp][] = [
  ['not JSON', '{"data": [\n{]', /examples\.json:2: not JSON: .*Is it a file of JSQuAD\?/],
  ['lines of another task', `${JSON.stringify(pair)}\n${JSON.stringify(pair)}`, /examples\.json:2: not JSON/],
  ['another object', { version: 1 }, /examples\.json: data: .*is it a file of JSQuAD\?/],
  [
    'an answer without a place',
    squad({ answers: [{ text: '昨日' }] }),
    /data\[0\]\.paragraphs\[0\]\.qas\[0\]\.answers\[0\]\.answer_start/,
  ],
  ['no answers', squad({ answers: [] }), /qas\[0\] \(q1\): no answers/],
  ['an empty answer', squad({ answers: [{ text: '', answer_start: 0 }] }), /qas\[0\] \(q1\): an answer is empty/],
  [
    'an answer behind the end',
    squad({ answers: [{ text: '昨日', answer_start: 99 }] }),
    /answer_start 99 is behind the context's 9 characters/,
  ],
  ['an empty question', squad({ question: ' ' }), /qas\[0\] \(q1\): the question is empty/],
  ['an empty context', squad({}, ''), /qas\[0\] \(q1\): the context is empty/],
  ['no questions', { data: [] }, /there are no questions in it/],
];

for (const [what, content, message] of questionFaults) {
  test(`jsquad: ${what}`, async () => {
    await assert.rejects(readQuestions(file(content), { labelled: true }), message);
  });
}
