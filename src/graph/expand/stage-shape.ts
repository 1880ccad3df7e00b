import type { LoadedStage } from '../../stage/catalogue.ts';
import type { MapNode } from '../../workflow/yaml/node.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import { axisText, type Combination, type Expansion } from './matrix.ts';

export type OutputKinds = ReadonlyMap<string, 'file' | 'directory'>;

/** What other stages may know of a stage before any expression in it is evaluated. */
export interface StageShape extends Expansion {
  /** Names of axes and of attributes, of whichever combination, those that `if` leaves out included. */
  readonly matrixNames: ReadonlySet<string>;
  readonly name: string;
  /** Where its name stands. */
  readonly key: Place;
  readonly node: MapNode;
  /** Number of its first instance; the others follow in the order of the combinations. */
  readonly first: number;
  readonly outputs: OutputKinds;
  readonly definition?: StageDefinition;
  /** Its matrix or its definition has a fault, which was reported: what is asked of it cannot be known. */
  readonly faulty?: true;
}

export interface StageDefinition extends LoadedStage {
  /** Path relative to the root of a user's module; undefined for a built-in stage. */
  readonly module: string | undefined;
}

/** `tokenizer`, or `data[subword=wordpiece,shard=3]`. */
export function instanceId({ name, axes }: StageShape, combination: Combination): string {
  if (axes.length === 0) return name;
  return `${name}[${axes.map((axis) => `${axis}=${axisText(combination[axis])}`).join(',')}]`;
}
