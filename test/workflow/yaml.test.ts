import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Diagnostic } from '../../src/workflow/diagnostic.ts';
import { type Node, nodeAt, placeWithin, type ScalarNode, toJson } from '../../src/workflow/yaml/node.ts';
import { parseYaml } from '../../src/workflow/yaml/parse.ts';
import { compileIn, compileText, planOf, workspace } from './workspace.ts';

function parse(text: string): { node: Node | undefined; messages: string[] } {
  const diagnostics: Diagnostic[] = [];
  const node = parseYaml({ name: 'x.yaml', text }, (diagnostic) => diagnostics.push(diagnostic));
  return { node, messages: diagnostics.map(({ message }) => message) };
}

const read = (text: string) => toJson(parse(text).node!);

test('anchors and merge keys are read; own keys go before merged ones, earlier merged before later', () => {
  const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: *a\n';
  assert.deepEqual(read(text), { a: { x: 1, y: 1 }, b: { y: 2, z: 2 }, c: { x: 3, y: 1, z: 2 }, d: { x: 1, y: 1 } });
});

test('scalars are those of YAML 1.2: yes is text, and JSON is read as it is', () => {
  assert.deepEqual(read('[yes, on, 012, 0o14, 1e3, "1", ~, true]'), ['yes', 'on', 12, 12, 1000, '1', null, true]);
  assert.deepEqual(read('{"a": [1, "\\u3042", {"b": null}]}'), { a: [1, 'あ', { b: null }] });
});

test('a workflow may be JSON', async () => {
  const workflow = { stages: { a: { run: 'echo ${{ matrix.i }}', matrix: { i: [1, 2] } } } };
  const plan = await planOf(JSON.stringify(workflow, null, '\t'));
  assert.deepEqual(
    plan.instances.map(({ id }) => id),
    ['a[i=1]', 'a[i=2]'],
  );
});

test('names that every object has are ordinary keys', async () => {
  const plan = await planOf(`params: {constructor: 1, toString: 2}
stages: {constructor: {run: "echo \${{ params.constructor }} \${{ params.toString }}", outputs: {valueOf: file}}, b: {run: "cat \${{ stages.constructor.outputs.valueOf }}"}}`);
  assert.deepEqual(plan.params, { constructor: 1, toString: 2 });
  const unknown = await compileText('stages: {a: {run: "echo ${{ params.hasOwnProperty }}"}}');
  assert.ok(!unknown.ok);
  assert.match(unknown.diagnostics[0]!.message, /params has no 'hasOwnProperty'/);
});

test('__proto__ is refused in fromJSON too, and changes nothing', async () => {
  const compiled = await compileText(
    `stages: {a: {run: "echo \${{ fromJSON('{\\"__proto__\\": {\\"x\\": 1}}').x }}"}}`,
  );
  assert.ok(!compiled.ok);
  assert.equal(compiled.diagnostics[0]!.message, "'__proto__' cannot be a key");
  assert.equal(({} as { x?: number }).x, undefined);
});

test('aliases of aliases that would fill the memory are refused', () => {
  const lines = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
  const before = process.memoryUsage().rss;
  const { messages } = parse(`a0: &a0 lol\n${lines.join('\n')}\n`);
  assert.match(messages[0]!, /^aliases make this more than \d+ values$/);
  assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
});

test('a long text repeated by aliases is refused', () => {
  const { messages } = parse(`a: &a ${'x'.repeat(1 << 20)}\nb: [${Array(100).fill('*a').join(', ')}]\n`);
  assert.deepEqual(messages, ['aliases make this more than 64 MiB of text']);
});

test('a mistake of structure is told once, not again for all that it confuses; bad values before it are told too', () => {
  const stages = Array.from({ length: 20 }, (_, i) => `  s${i}:\n    run: x\n    outputs: {o: file}`).join('\n');
  assert.deepEqual(parse(`a: !nope x\nstages:\n  first:\n    run: { cat \${{ a }}; } > b\n${stages}`).messages, [
    'unresolved tag: !nope',
    'missing , or : between flow map items',
  ]);
});

test('an anchor inside itself is refused', () => {
  assert.deepEqual(parse('a: &a [*a]').messages, ['*a stands inside what it names']);
});

for (const [what, text] of [
  ['flow lists', '['.repeat(100_000)],
  ['flow maps', '{a: '.repeat(100_000)],
  ['block lists', `${'- '.repeat(20_000)}x`],
  ['block maps', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
] as const) {
  test(`${what} nested without end are refused`, () => {
    assert.deepEqual(parse(text).messages, ['nested more than 64 levels deep']);
  });
}

test('a workflow of more than 8 MiB is refused before it is read', async () => {
  const compiled = await compileText(`params: {x: "${'x'.repeat(10 * 1024 * 1024)}"}\nstages: {a: {run: x}}`);
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message }) => message),
    ['the workflow has 10.0 MiB; the limit is 8 MiB'],
  );
});

test('a mistake in a text of 7 MB is shown by the part around it', async () => {
  const compiled = await compileText(`stages: {a: {run: "${'x'.repeat(7_000_000)} \${{ nope }}"}}`);
  assert.ok(!compiled.ok);
  const [{ message, at }] = compiled.diagnostics as [Diagnostic];
  assert.equal(message, "no context is called 'nope'");
  assert.ok(at.excerpt.text.length <= 240);
  assert.equal(at.excerpt.text.slice(at.excerpt.start, at.excerpt.start + at.excerpt.length), 'nope');
});

test('a file that is not UTF-8 is refused', async () => {
  const root = workspace({});
  writeFileSync(join(root, 'workflow.yaml'), Buffer.from([0x61, 0x3a, 0xff]));
  const compiled = await compileIn(root);
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message }) => message),
    ['the workflow is not UTF-8'],
  );
});

test('parts of a scalar are found again in the source, through quotes, escapes, folding and indentation', () => {
  const found = (text: string, part: string) => {
    const scalar = nodeAt(parse(text).node!, ['a']) as ScalarNode;
    const at = String(scalar.value).indexOf(part);
    const place = placeWithin(scalar, at, at + part.length);
    return text.slice(place.start, place.end);
  };
  assert.equal(found("a: 'it''s ${{ x }}'", '${{ x }}'), '${{ x }}');
  assert.equal(found('a: "tab\\t\\u3042 ${{ x }}"', '${{ x }}'), '${{ x }}');
  assert.equal(found('a: |\n    one\n      ${{ x }}\n', '${{ x }}'), '${{ x }}');
  assert.equal(found('a: >-\n    one\n    ${{ x\n    }}\n', '${{ x }}'), '${{ x\n    }}');
  assert.equal(found('a: plain\n   text ${{ x }}\n', '${{ x }}'), '${{ x }}');
});
