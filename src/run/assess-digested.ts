import type { Plan } from '../graph/plan.ts';
import { type Assessment, type AssessOptions, assess } from './assess.ts';

/** As `assess`, with every source digested that a key hangs on: nothing is left `undigested`. */
export async function assessDigested(plan: Plan, options: AssessOptions): Promise<readonly (Assessment | undefined)[]> {
  for (;;) {
    const assessments = assess(plan, options);
    const paths = assessments.flatMap((assessment) => (assessment?.kind === 'undigested' ? assessment.paths : []));
    if (paths.length === 0) return assessments;
    await Promise.all([...new Set(paths)].map((path) => options.sources.digest(path)));
  }
}
