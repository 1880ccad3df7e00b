import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from '../../src/workflow/diagnostic.ts';
import { readGrid } from '../../src/workflow/grid.ts';

const gridOf = (...settings: string[]) => {
  const points = readGrid(settings, ({ message }) => assert.fail(message));
  return points!.map(({ settings: set, name }) => [name, ...set]);
};

test('every combination, the last path fastest, values read as YAML', () => {
  assert.deepEqual(gridOf('params.rate=1e-4,5e-5', 'params.mode=a,"b,c"'), [
    ['rate=0.0001,mode=a', 'params.rate=0.0001', 'params.mode="a"'],
    ['rate=0.0001,mode=b,c', 'params.rate=0.0001', 'params.mode="b,c"'],
    ['rate=0.00005,mode=a', 'params.rate=0.00005', 'params.mode="a"'],
    ['rate=0.00005,mode=b,c', 'params.rate=0.00005', 'params.mode="b,c"'],
  ]);
});

test('lists and single values stand where texts do', () => {
  assert.deepEqual(gridOf('params.sizes=[1, 2],[3]', 'x=true'), [
    ['sizes=[1,2],x=true', 'params.sizes=[1,2]', 'x=true'],
    ['sizes=[3],x=true', 'params.sizes=[3]', 'x=true'],
  ]);
});

test('what cannot be read is reported, with where', () => {
  const found: Diagnostic[] = [];
  assert.equal(
    readGrid(['params.seed', 'params.a=[1'], (diagnostic) => found.push(diagnostic)),
    undefined,
  );
  assert.match(found[0]!.message, /does not say what to set/);
  assert.equal(found.length, 2);
});
