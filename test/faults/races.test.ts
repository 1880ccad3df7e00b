/** Several engines on one store at once. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { drillWorkspace, exitOf, resultsIn, startRun, type Undisturbed, undisturbedRun } from './drill.ts';

let undisturbed: Undisturbed;
before(async () => {
  undisturbed = await undisturbedRun();
});

for (const count of [2, 4]) {
  test(`${count} runs of one workflow at once: each result is built by one, all end well`, async () => {
    const folder = drillWorkspace();
    try {
      const ended = await Promise.all(Array.from({ length: count }, () => exitOf(startRun(folder))));
      for (const { code, output } of ended) assert.equal(code, 0, output);
      const built = readFileSync(join(folder, 'ledger'), 'utf8').trim().split('\n').sort();
      assert.deepEqual(built, [...undisturbed.results.keys()].sort());
      assert.deepEqual([...resultsIn(folder)].sort(), [...undisturbed.results].sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
