import type { StoredResult } from '../../store/store.ts';
import type { Assessment } from '../assess.ts';
import type { Failure, InstanceFinished } from '../events.ts';

export type Stale = Assessment & { readonly kind: 'stale' };

/** How the building of one instance ended. */
export type BuildOutcome =
  | {
      readonly state: 'built' | 'shared';
      readonly result: StoredResult;
      /** The remote that it was fetched from. */
      readonly from?: string;
      readonly irreproducible?: InstanceFinished['irreproducible'];
    }
  | { readonly state: 'failed' | 'cancelled'; readonly failure: Failure };

/** How an instance ended that may never have started. */
export type Finish =
  | BuildOutcome
  | { readonly state: 'skipped'; readonly because: number }
  | { readonly state: 'cancelled' };
