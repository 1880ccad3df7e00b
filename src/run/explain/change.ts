import type { Json } from '../../graph/plan.ts';
import type { Digest } from '../../store/result.ts';

/** One difference between what made an earlier result and what an instance is made from now. */
export type Change =
  /** A part of the recipe or of a config, by path: `with.seed`, `env.LANG`, `run`, `inputs.model.lr`. A side that is absent is undefined. */
  | { readonly kind: 'recipe'; readonly path: string; readonly before?: Json; readonly now?: Json }
  /** One source of an input. `files`: what changed within a directory, where both listings are known. */
  | {
      readonly kind: 'input';
      readonly name: string;
      readonly before?: Content;
      readonly now?: Content;
      readonly files?: readonly FileChange[];
    };

export interface Content {
  readonly from: string;
  readonly digest: Digest;
}

export interface FileChange {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
}
