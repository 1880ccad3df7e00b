/** What a stage learns of a copy of its output that a workflow publishes, so that it can complete it for people. */

/** A result: the output of a stage or script that ran, today or long ago. */
export interface MadeResult {
  /** Name in the workflow. */
  readonly instance: string;
  /** The stage's name; undefined of a script. */
  readonly stage: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, { readonly digest: string; readonly path: string }>>;
  readonly seconds: number;
  /** Of Kumiki. */
  readonly version: string;
  /** Of the workspace when it ran, where that is known. */
  readonly commit: string | undefined;
}

export interface PublishedCopy {
  readonly output: string;
  /** The output in the store. */
  readonly directory: string;
  /** This result and all that it was made from, nearest first. */
  readonly made: readonly MadeResult[];
  /** Results of this run that were made from this one, e.g. evaluations. */
  readonly uses: readonly MadeResult[];
  /** The closure of manifests, as `provenance.json` beside every copy. */
  readonly provenance: unknown;
}

/** Files of the copy that are added or replaced: their text by their path in it. */
export type Completion = Readonly<Record<string, string>>;
