import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratesOfDevice } from '../../../stages/rates.ts';

const assumed = (device: string) => ratesOfDevice(device)?.operations.assumed;

test("another TPU is reckoned by its peak beside the original's", () => {
  const original = assumed('tpu-v3-8')!;
  assert.equal(assumed('tpu-v3-32'), 4 * original);
  // Four chips of v4 (275 TFLOP/s) beside four of v3 (123).
  assert.ok(Math.abs(assumed('tpu-v4-8')! / original - 275 / 123) < 1e-9);
  // Sixteen chips of v5e (197), since that type counts chips.
  assert.ok(Math.abs(assumed('tpu-v5litepod-16')! / original - (16 * 197) / (4 * 123)) < 1e-9);
});

test('of an accelerator that nobody knows nothing is said', () => {
  for (const device of ['tpu-v99-8', 'tpu-v4', 'constructor', 'tpu-constructor-8']) {
    assert.equal(ratesOfDevice(device), undefined);
  }
});
