/** The learning rate of transformers' `linear` schedule: up from 0, then down to 0. */
export interface LinearSchedule {
  readonly peak: number;
  readonly steps: number;
  readonly warmupSteps: number;
}

export function linearSchedule(peak: number, steps: number, warmupRatio: number): LinearSchedule {
  return { peak, steps, warmupSteps: Math.ceil(warmupRatio * steps) };
}

/** The rate used in step 1, 2, …: the first is 0 wherever there is a warm-up. */
export function rateInStep({ peak, steps, warmupSteps }: LinearSchedule, step: number): number {
  const done = step - 1;
  if (done < warmupSteps) return peak * (done / Math.max(1, warmupSteps));
  return peak * Math.max(0, (steps - done) / Math.max(1, steps - warmupSteps));
}
