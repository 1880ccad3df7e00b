import type { Executor, RunningJob } from '../executors/executor.ts';
import type { Instance } from '../graph/plan.ts';
import type { GcsAccess } from '../stage/define.ts';
import type { OpenBucketByName } from '../store/fetched/object-sources.ts';
import type { EventLog } from './folder/event-log.ts';
import type { RunFolder } from './folder/run-folder.ts';
import type { InputView } from './inputs.ts';
import type { SharedResults } from './remote/shared-results.ts';
import type { Waits } from './waits.ts';

/** What the parts of a run share. */
export interface RunContext {
  readonly view: InputView;
  readonly folder: RunFolder;
  /** That the workspace stands at. */
  readonly commit: string | undefined;
  readonly events: EventLog;
  readonly executors: Readonly<Record<string, Executor>>;
  /** Absolute path of the module of a stage that is built in or the user's own. */
  readonly moduleOf: (instance: Instance) => string;
  /** Attempts that run now, by instance. */
  readonly running: Map<number, RunningAttempt>;
  /** An attempt runs from now on; it is stopped at once if the run was interrupted while it started. */
  readonly begun: (attempt: RunningAttempt) => void;
  /** Where results are shared, if `kumiki.yaml` says so. */
  readonly shared?: SharedResults;
  /** Opens a bucket to publish to, by its name. */
  readonly openBucket?: OpenBucketByName;
  /** How stages reach buckets. */
  readonly gcs?: GcsAccess;
  /** Aborted when nothing new may start: ends waits for retries and for other processes. */
  readonly stopping: AbortSignal;
  readonly waits: Waits;
  /** Instances that somebody cancelled, and what wakes those of them that wait for their next attempt, or for this one to start. */
  readonly cancelled: Set<number>;
  readonly pauses: Map<number, AbortController>;
}

export interface RunningAttempt {
  readonly instance: Instance;
  /** On another machine than the engine's. */
  readonly isRemote: boolean;
  readonly stop: RunningJob['stop'];
  /** Leaves it to itself; false if it cannot go on without the engine. */
  detach(): boolean;
}
