/** What an instance of a stage will take, as the stage estimates it for `kumiki plan`. */
import type { z } from 'zod';
import type { Json } from '../graph/plan.ts';
import type { InputDeclaration } from './define.ts';

/** What an input or output holds: known where it is there, estimated where it is still to be made. */
export interface Content {
  /** NaN where nothing tells: what follows from it is then unknown too. */
  readonly bytes: number;
  /** Bytes of text in it, of an archive that is still to be made. */
  readonly text?: number;
  /** A path below a directory that is still to be made. */
  readonly below?: (path: string) => Content | undefined;
  /** Absolute path, where it is there. */
  readonly path?: string;
  /** What the file holds once parsed, of a value of the workflow or a configuration that is still to be made. */
  readonly value?: Json;
}

/** How fast something is done, in `unit` a second. */
export interface Rate {
  readonly name: string;
  readonly unit: string;
  /** What is taken where it was not measured, and where that figure is from. */
  readonly assumed: number;
  readonly source: string;
}

type Inputs = Readonly<Record<string, InputDeclaration>>;

export interface CostQuestion<P extends z.ZodObject, I extends Inputs> {
  readonly params: z.output<P>;
  readonly inputs: {
    readonly [N in keyof I]: I[N] extends { list: true }
      ? readonly Content[]
      : I[N] extends { optional: true }
        ? Content | undefined
        : Content;
  };
  /** What the scheduler would grant. */
  readonly resources: Readonly<Record<string, number>>;
  /** A device to compute the cost for instead of this machine's, by its name. */
  readonly device: string | undefined;
  /** On this machine if it was measured, else what is assumed. */
  rate(rate: Rate): number;
}

/** A machine that a stage rents for as long as it computes. */
export interface Rental {
  /** Accelerator type of a Cloud TPU, e.g. v3-8. */
  readonly tpu: string;
  readonly spot: boolean;
}

export interface Cost<O extends string = string> {
  readonly cpuSeconds: number;
  /** From start to end; CPU time over the cores granted unless given. */
  readonly seconds?: number;
  /** Peak of memory and of temporary files, in bytes. */
  readonly memory?: number;
  readonly scratch?: number;
  readonly outputs?: { readonly [N in O]?: Content };
  /** How long it holds the device that trains. */
  readonly deviceSeconds?: number;
}
