import { type FollowOptions, followEvents } from '../follow-events.ts';
import { foldEvents } from '../state/fold-events.ts';
import { emptyState, type RunState } from '../state/run-state.ts';

/** The state of a run as it changes; whoever draws it looks when it likes. */
export interface RunFeed {
  readonly state: RunState;
  /** Resolves when the run has ended, or following was aborted; rejects with `EngineDied`. */
  readonly ended: Promise<void>;
}

export function startFeed(runDirectory: string, options: FollowOptions): RunFeed {
  let state = emptyState;
  const follow = async () => {
    for await (const events of followEvents(runDirectory, options)) state = foldEvents(state, events);
  };
  const ended = follow();
  return {
    get state() {
      return state;
    },
    ended,
  };
}
