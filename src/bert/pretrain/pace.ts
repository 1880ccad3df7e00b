/** Tokens a second: of the last step, and since the clock was last started. */
export interface Pace {
  /** Called after each step. */
  stepDone(): number;
  overall(): number;
  /** After what is no training: an evaluation, a checkpoint. */
  restart(): void;
}

export function createPace(tokensOfAStep: number): Pace {
  let started = performance.now();
  let last = started;
  let steps = 0;
  const rate = (tokens: number, since: number) => (1000 * tokens) / Math.max(last - since, 0.001);
  return {
    stepDone() {
      const before = last;
      last = performance.now();
      steps++;
      return rate(tokensOfAStep, before);
    },
    overall: () => rate(steps * tokensOfAStep, started),
    restart() {
      started = performance.now();
      last = started;
      steps = 0;
    },
  };
}
