/** A worker for the tests: squares numbers, slowly if they are even, and refuses negative ones; 100 waits until the gate is opened. */
import { serveJobs } from '../../src/threads/workers.ts';

export interface SquaresSetup {
  readonly offset: number;
  readonly gate: Int32Array;
}

serveJobs(({ offset, gate }: SquaresSetup) => (job: number) => {
  if (job < 0) throw new RangeError(`no square of ${job}`);
  if (job === 13) process.exit(13);
  if (job === 100) Atomics.wait(gate, 0, 0);
  let square = 0;
  for (let i = 0; i < (job % 2 === 0 ? 2e6 : 1); i++) square = job * job;
  return { value: square + offset };
});
