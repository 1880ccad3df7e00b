export { EngineDied, followEvents, readEvents } from './follow-events.ts';
export { jsonReporter } from './lines/json-reporter.ts';
export { plainReporter, wantsColour } from './lines/plain-reporter.ts';
export type { Reporter } from './lines/reporter.ts';
export { summaryLines } from './lines/summary.ts';
export { showRun } from './show-run.ts';
export { foldEvents } from './state/fold-events.ts';
export { emptyState, findInstance, type GroupState, type InstanceState, type RunState } from './state/run-state.ts';
