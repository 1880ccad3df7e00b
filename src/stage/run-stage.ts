import { type Stage, type StageContext, StageError } from './define.ts';
import type { StageRequest } from './messages.ts';

/** Where a stage's reports go. */
export type StageReports = Pick<
  StageContext<Stage['params'], Stage['inputs'], Stage['outputs']>,
  'progress' | 'metric' | 'log' | 'warn' | 'conclude' | 'holds'
>;

/** Runs a stage in this process, its parameters read by its schema. Rejects with a `StageError` for what a user can mend. */
export async function runStage(
  stage: Stage,
  request: StageRequest,
  reports: StageReports,
  signal: AbortSignal,
): Promise<void> {
  const params = stage.params.safeParse(request.params);
  if (!params.success) throw new StageError(`parameters are not valid: ${params.error.message}`);
  await stage.run({
    ...reports,
    params: params.data,
    // The plan, or `exec`, has checked them against the stage's declarations.
    inputs: request.inputs as Parameters<Stage['run']>[0]['inputs'],
    outputs: request.outputs,
    scratch: request.scratch,
    resources: request.resources,
    gcs: request.gcs ?? {},
    signal,
  });
}
