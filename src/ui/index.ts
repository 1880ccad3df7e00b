export { EngineDied, followEvents, readEvents } from './follow-events.ts';
export { jsonReporter } from './json-reporter.ts';
export { plainReporter, wantsColour } from './plain-reporter.ts';
export type { Reporter } from './reporter.ts';
export { showRun } from './show-run.ts';
export { emptyState, findInstance, foldEvents, type GroupState, type InstanceState, type RunState } from './state.ts';
export { summaryLines } from './summary.ts';
