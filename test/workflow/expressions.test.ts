import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instance, planOf } from './workspace.ts';

/** What an expression comes to, as a parameter would have it. */
async function resultOf(expression: string, params = '{}', env: Record<string, string> = {}): Promise<unknown> {
  const plan = await planOf(
    `params: {given: ${params}, result: ${JSON.stringify(expression)}}\nstages: {a: {run: "true"}}`,
    { 'texts/b.txt': '', 'texts/a.txt': '', 'texts/.hidden.txt': '' },
    { env },
  );
  return plan.params.result;
}

for (const [expression, expected] of [
  ['${{ 1 }}', 1],
  ["${{ 'it''s ''quoted''' }}", "it's 'quoted'"],
  ['${{ true }}', true],
  ['${{ null }}', null],
  ['a${{ null }}b', 'ab'],
  ['${{ 1 }}${{ 2 }}', '12'],
  ["${{ 'a' == 'A' }}", true],
  ["${{ 1 < 2 && 'yes' || 'no' }}", 'yes'],
  ["${{ '}}' }}", '}}'],
  ['${{ range(1, 4) }}', [1, 2, 3, 4]],
  ['${{ range(4, 1, -2) }}', [4, 2]],
  ['${{ range(2, 1) }}', []],
  ['${{ pad(7, 3) }}', '007'],
  ['${{ pad(1234, 3) }}', '1234'],
  ['${{ pad(-7, 3) }}', '-07'],
  ["${{ format('{0}-{1} {{}}', 'a', 2) }}", 'a-2 {}'],
  ["${{ join(range(1, 3), '+') }}", '1+2+3'],
  ["${{ contains('Hello', 'ell') }}", true],
  ["${{ startsWith('abc', 'A') }}", true],
  ['${{ fromJSON(\'{"a": [1, {"b": 2}]}\').a[1].b }}', 2],
  ['${{ toJSON(range(1, 2)) }}', '[\n  1,\n  2\n]'],
  ["${{ case(false, 'a', true, 'b', 'c') }}", 'b'],
  ["${{ glob('texts/*.txt') }}", ['texts/a.txt', 'texts/b.txt']],
  ["${{ env('NAME') }}", 'value'],
  ["${{ env('OTHER', 'default') }}", 'default'],
  ["${{ params.given['a b'].c[1] }}", 5],
  ['${{ join(params.given.list.*.x) }}', '1,2'],
  ['${{ params.given.small }}', 1e-17],
] as const) {
  test(`${expression} is ${JSON.stringify(expected)}`, async () => {
    const given = '{"a b": {c: [4, 5]}, list: [{x: 1}, {x: 2}], small: 1e-17}';
    assert.deepEqual(await resultOf(expression, given, { NAME: 'value' }), expected);
  });
}

test('parameters refer to each other in any order', async () => {
  const params = 'c: "${{ join(params.b) }}!", b: ["${{ params.a }}"], a: 1, d: "${{ params.b[0] }}"';
  const plan = await planOf(`params: {${params}}\nstages: {a: {run: x}}`);
  assert.deepEqual(plan.params, { c: '1!', b: [1], a: 1, d: 1 });
});

test('any text beside a path stays text', async () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'));
  const property = fc.asyncProperty(anyText, async (text) => {
    const workflow = {
      params: { x: text },
      stages: {
        a: { run: 'true', outputs: { out: 'file' } },
        b: { run: 'true', env: { X: '${{ params.x }}${{ stages.a.outputs.out }}${{ params.x }}' } },
      },
    };
    const plan = await planOf(JSON.stringify(workflow));
    const path = { input: 'stages.a.outputs.out', item: 0 };
    assert.deepEqual(instance(plan, 'b').env.X, { $text: text === '' ? [path] : [text, path, text] });
  });
  await fc.assert(property, { numRuns: 50 });
});
