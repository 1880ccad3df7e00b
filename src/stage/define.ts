/** The stage contract: what a stage takes, gives and promises. The only thing that stages and users' modules import. */
import type { z } from 'zod';
import type { Cost, CostQuestion, Rental } from './cost.ts';
import type { Held } from './held.ts';
import type { Completion, PublishedCopy } from './published-copy.ts';

export interface InputDeclaration {
  readonly kind: 'file' | 'directory' | 'config' | 'checkpoint' | 'any';
  readonly description: string;
  /** The stage gets a list of paths; a single one is given as a list of one. */
  readonly list?: true;
  readonly optional?: true;
}

export interface OutputDeclaration {
  readonly kind: 'file' | 'directory';
  readonly description: string;
  /** A file worth reading in a report: Markdown, or JSON whose numbers are compared between runs. */
  readonly shown?: 'markdown' | 'json';
}

type Params = z.ZodObject;
type Inputs = Readonly<Record<string, InputDeclaration>>;
type Outputs = Readonly<Record<string, OutputDeclaration>>;

/** Absolute path, list of them, or undefined, as declared. A `config` input is the path of a JSON or YAML file. */
export type InputPaths<I extends Inputs> = {
  readonly [N in keyof I]: I[N] extends { list: true }
    ? readonly string[]
    : I[N] extends { optional: true }
      ? string | undefined
      : string;
};

/** How buckets of Google Cloud Storage are reached, as `kumiki.yaml` says, and before it the environment of the run. */
export interface GcsAccess {
  /** Base URL of an emulator or a private endpoint. */
  readonly endpoint?: string;
  /** Project that pays for requests, where the readers of a bucket pay. */
  readonly billingProject?: string;
}

export interface StageContext<P extends Params, I extends Inputs, O extends Outputs> {
  readonly params: z.output<P>;
  readonly inputs: InputPaths<I>;
  /** Absolute paths to write to. Directories exist already and are empty. */
  readonly outputs: { readonly [N in keyof O]: string };
  /** A directory for temporaries; of a resumable stage, that of its last unfinished attempt. */
  readonly scratch: string;
  /** At most 4 a second reach the engine; call it as often as you like. */
  progress(done: number, total: number | undefined, unit: string): void;
  metric(name: string, value: number, step?: number): void;
  /** A line in the attempt's log. */
  log(message: string): void;
  /** A line in the log and on the screen. */
  warn(message: string): void;
  /** Lines that the run ends with, such as a small table; they go to the log too. Given again, they take the place of the earlier ones. */
  conclude(text: string): void;
  /** What stays behind if this process is killed from now on, told to people if it is; undefined once nothing would. */
  holds(held: Held | undefined): void;
  /** Aborted when the engine wants the stage to stop: write a checkpoint if there is one to write, then throw. */
  readonly signal: AbortSignal;
  /** What the scheduler granted: `cpu` cores, `memory` bytes, and the workflow's own pools. */
  readonly resources: Readonly<Record<string, number>>;
  readonly gcs: GcsAccess;
}

export interface Stage<P extends Params = Params, I extends Inputs = Inputs, O extends Outputs = Outputs> {
  readonly name: string;
  /** Raised when output bytes change. Part of the key. */
  readonly version: number;
  readonly description: string;
  readonly params: P;
  /** Parameters that say how, not what: recorded, outside the key. */
  readonly how?: readonly (keyof z.output<P> & string)[];
  readonly inputs: I;
  readonly outputs: O;
  /** Parameters (or, where a function, the part of them) whose key takes their place, e.g. `sha256` of a download. */
  readonly identity?: (params: z.output<P>) => unknown;
  /** A resumable stage finds its scratch again: names of the parameters and inputs that identify unfinished work. */
  readonly resume?: {
    readonly params: readonly (keyof z.output<P> & string)[];
    readonly inputs: readonly (keyof I & string)[];
  };
  /** Resources asked for unless the workflow says otherwise. */
  readonly resources?: Readonly<Record<string, number | string>>;
  /** About what it will take, for `plan`; undefined where that cannot be told from what is known. */
  cost?(question: CostQuestion<P, I>): Promise<Cost<keyof O & string> | undefined>;
  /** What it rents, for `plan`; undefined if it computes on what is there. */
  rents?(params: z.output<P>): Rental | undefined;
  run(context: StageContext<P, I, O>): Promise<void>;
  /** Completes the published copy of a directory output for people, from how it came about and what was made from it. */
  completeCopy?(copy: PublishedCopy): Promise<Completion>;
}

/** An expected failure: bad input, missing file, wrong value. Its message is shown as it is, without a stack. */
export class StageError extends Error {
  override readonly name = 'StageError';
}

export function defineStage<P extends Params, const I extends Inputs, const O extends Outputs>(
  stage: Stage<P, I, O>,
): Stage<P, I, O> {
  return stage;
}
