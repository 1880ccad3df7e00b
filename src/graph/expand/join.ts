import { ExpressionFault } from '../../workflow/expressions/fault.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import { axisText, type Combination } from './matrix.ts';
import { instanceId, type StageShape } from './stage-shape.ts';

/** By axis, what `pick` left of it. One value given alone takes the axis away; a list keeps it gathered. */
export type Picked = ReadonlyMap<string, { readonly values: readonly string[]; readonly alone: boolean }>;

export interface Consumer {
  readonly axes: readonly string[];
  readonly combination: Combination;
}

interface Joined {
  /** Numbers of the producer's instances, in its order. */
  readonly instances: readonly number[];
  /** Axes were gathered: a list, even of one. */
  readonly list: boolean;
}

/**
 * The instances of a producer that a consumer's reference means: axes of the same name match, axes that only the
 * producer has are gathered. Throws a fault if the producer lacks a value of the consumer.
 */
export function join(producer: StageShape, consumer: Consumer, picked: Picked): Joined {
  const shared = producer.axes.filter((axis) => consumer.axes.includes(axis) && !picked.has(axis));
  const list = producer.axes.some((axis) => !shared.includes(axis) && !picked.get(axis)?.alone);
  const wanted = shared.map((axis) => axisText(consumer.combination[axis]));
  const matching = indexBy(producer, shared).get(wanted.join('\0')) ?? [];
  const instances = picked.size === 0 ? matching : matching.filter((number) => survives(producer, number, picked));
  if (instances.length === 0) throw lacking(producer, shared, wanted, picked);
  return { instances, list };
}

function survives(producer: StageShape, number: number, picked: Picked): boolean {
  const combination = producer.combinations[number - producer.first]!;
  return Array.from(picked).every(([axis, { values }]) => values.includes(axisText(combination[axis])));
}

const indexes = new WeakMap<StageShape, Map<string, Map<string, number[]>>>();

/** Instances of a producer by their values on some axes; made once for each choice of axes. */
function indexBy(producer: StageShape, axes: readonly string[]): Map<string, number[]> {
  const known = indexes.get(producer) ?? new Map<string, Map<string, number[]>>();
  indexes.set(producer, known);
  const name = axes.join('\0');
  let index = known.get(name);
  if (!index) {
    index = new Map();
    for (const [i, combination] of producer.combinations.entries()) {
      const values = axes.map((axis) => axisText(combination[axis])).join('\0');
      const same = index.get(values);
      if (same) same.push(producer.first + i);
      else index.set(values, [producer.first + i]);
    }
    known.set(name, index);
  }
  return index;
}

function lacking(
  producer: StageShape,
  shared: readonly string[],
  wanted: readonly string[],
  picked: Picked,
): ExpressionFault {
  if (producer.combinations.length === 0) return leftOut(producer);
  const asked = [
    ...shared.map((axis, i) => `${axis}=${wanted[i]}`),
    ...Array.from(picked, ([axis, { values }]) => `${axis}=${values.join('|')}`),
  ].join(',');
  const axis = shared.find((name, i) => !valuesOf(producer, name).includes(wanted[i]!));
  if (axis === undefined) {
    const shown = producer.combinations.slice(0, 6).map((combination) => instanceId(producer, combination));
    return new ExpressionFault(`stages.${producer.name} has no instance with ${asked}`, `it has ${shown.join(', ')}…`);
  }
  return new ExpressionFault(
    `stages.${producer.name} has no instance with ${asked}`,
    `its values of ${axis}: ${abridged(valuesOf(producer, axis))}; narrow it with pick(stages.${producer.name}, '${axis}', …)`,
  );
}

function leftOut({ name }: StageShape): ExpressionFault {
  const hint = `choose another source where it is false, as in \${{ condition && stages.${name}.outputs.… || params.path }}`;
  return new ExpressionFault(`the stage '${name}' is left out by its if`, hint);
}

/** The picked axis must be one that the producer has, with that value. */
export function checkPick(producer: StageShape, axis: string, values: readonly string[]): void {
  if (!producer.axes.includes(axis)) {
    throw new ExpressionFault(
      `stages.${producer.name} has no axis '${axis}'`,
      producer.axes.length === 0 ? 'it has no matrix' : didYouMean(axis, producer.axes),
    );
  }
  if (producer.combinations.length === 0) throw leftOut(producer);
  const known = valuesOf(producer, axis);
  const unknown = values.find((value) => !known.includes(value));
  if (unknown !== undefined) {
    throw new ExpressionFault(
      `stages.${producer.name} has no ${axis}=${unknown}`,
      `its values of ${axis}: ${abridged(known)}`,
    );
  }
}

function valuesOf(producer: StageShape, axis: string): string[] {
  return [...new Set(producer.combinations.map((combination) => axisText(combination[axis])))];
}

function abridged(values: readonly string[]): string {
  return values.length <= 12 ? values.join(', ') : `${values.slice(0, 8).join(', ')}, …, ${values.at(-1)}`;
}
