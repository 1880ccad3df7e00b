import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instance, Plan } from '../../src/graph/plan.ts';
import { fromTable, toTable } from '../../src/graph/plan-table.ts';
import { planOf } from './plan-of.ts';

const plan = planOf({
  a: {},
  b: { after: ['a'], matrix: [{ n: 1 }, { n: '1' }, { n: null }] },
  c: { after: ['b[n=1]', 'a'] },
});
const uneven: Plan = {
  ...plan,
  instances: plan.instances.map((instance, index) =>
    index === 1 ? { ...instance, temp: true, timeoutMs: 5 } : instance,
  ),
};

const inputs: Instance['inputs'] = [
  {
    name: 'x',
    list: true,
    kind: 'any',
    sources: [
      { kind: 'output', instance: 0, output: 'out', path: 'a.txt' },
      { kind: 'path', path: 'b.txt' },
      { kind: 'value', value: { n: [1, 'path'] } },
      { kind: 'path', path: 'c.txt' },
    ],
  },
  { name: 'y', list: false, kind: 'config', sources: [{ kind: 'path', path: 'd.yaml' }] },
];
const mixed: Plan = {
  ...plan,
  instances: plan.instances.map((instance, index) => (index % 2 === 1 ? { ...instance, inputs } : instance)),
};

for (const [name, before] of Object.entries({
  plan,
  'plan with inputs of all kinds': mixed,
  'plan with optional fields': uneven,
  'empty plan': planOf({}),
})) {
  test(`a ${name} comes out of the table as it went in`, () => {
    const after = fromTable(JSON.parse(JSON.stringify(toTable(before))));
    assert.deepEqual(after, before);
  });
}

test('what instances have in common is held once', () => {
  const { instances } = fromTable(toTable(plan));
  assert.equal(instances[1]!.action, instances[2]!.action);
});
