/** The kill drill at 200 seeded moments: engine, stage or both; a count of how many reruns ended as an undisturbed run. */
import { killDrill, undisturbedRun } from '../faults/drill.ts';

const undisturbed = await undisturbedRun();
let wrong = 0;
for (let seed = 1; seed <= 200; seed++) {
  try {
    await killDrill(seed, undisturbed);
  } catch (error) {
    wrong++;
    console.log(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(`${200 - wrong} of 200 kills left no trace`);
process.exitCode = wrong === 0 ? 0 : 1;
