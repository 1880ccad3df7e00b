import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cpythonRandom } from '../../src/text/cpython-random.ts';

interface Case {
  readonly seed: string;
  readonly random: readonly number[];
  readonly randint: readonly [number, number][];
  readonly shuffle: readonly number[];
  readonly getrandbits: readonly [number, number][];
  readonly after: number;
}

const fixture = join(import.meta.dirname, '../../../test/fixtures/cpython-random.json');
const cases = JSON.parse(readFileSync(fixture, 'utf8')) as Case[];

for (const expected of cases) {
  test(`seed ${expected.seed} draws what CPython draws`, () => {
    const random = cpythonRandom(BigInt(expected.seed));
    assert.deepEqual([0, 0, 0].map(random.random), expected.random);
    for (const [stop, drawn] of expected.randint) assert.equal(random.randint(1, stop), drawn);
    const items = Array.from({ length: 700 }, (_, i) => i);
    random.shuffle(items);
    assert.deepEqual(items.slice(0, 12), expected.shuffle);
    for (const [bits, drawn] of expected.getrandbits) assert.equal(random.getrandbits(bits), drawn);
    assert.equal(random.random(), expected.after);
  });
}

test('isBelowHalf tells what random() would, and takes as much of the generator', () => {
  const [told, drawn] = [cpythonRandom(7), cpythonRandom(7)];
  for (let i = 0; i < 2000; i++) assert.equal(told.isBelowHalf(), drawn.random() < 0.5);
  assert.equal(told.getrandbits(32), drawn.getrandbits(32));
});
