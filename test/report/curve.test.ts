import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, extendCurve, pointsOf } from '../../src/report/gather/curve.ts';

const curveOf = (reports: readonly (readonly [number | undefined, number])[]) =>
  pointsOf(
    reports.reduce<Curve | undefined>((curve, [step, value]) => extendCurve(curve, step, value), undefined) ??
      assert.fail('no reports'),
  );

test('a curve keeps its steps, and counts where there are none', () => {
  assert.deepEqual(
    curveOf([
      [10, 1],
      [20, 2],
    ]),
    [
      { step: 10, value: 1 },
      { step: 20, value: 2 },
    ],
  );
  assert.deepEqual(
    curveOf([
      [undefined, 5],
      [undefined, 6],
    ]),
    [
      { step: 0, value: 5 },
      { step: 1, value: 6 },
    ],
  );
});

test('a resumed attempt writes its steps over what was reported before', () => {
  const points = curveOf([
    [1, 9],
    [2, 8],
    [3, 7],
    [2, 5],
    [3, 4],
  ]);
  assert.deepEqual(points, [
    { step: 1, value: 9 },
    { step: 2, value: 5 },
    { step: 3, value: 4 },
  ]);
});

test('a million reports stay few points, with the mean and the last step of all', () => {
  const points = curveOf(Array.from({ length: 1_000_000 }, (_, step) => [step, step % 2]));
  assert.ok(points.length <= 512 && points.length >= 256, String(points.length));
  assert.equal(points.at(-1)!.step, 999_999);
  const means = points.slice(0, -1).map(({ value }) => value);
  assert.ok(means.every((value) => value === 0.5));
});
