import { before, test } from 'node:test';
import { killDrill, type Undisturbed, undisturbedRun } from './drill.ts';

let undisturbed: Undisturbed;
before(async () => {
  undisturbed = await undisturbedRun();
});

for (let seed = 1; seed <= 20; seed++) {
  test(`kill -9 at seeded moment ${seed}: the rerun ends as if nothing had happened`, () =>
    killDrill(seed, undisturbed));
}
