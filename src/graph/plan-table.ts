/** A plan as a table, for the cache: what many instances have in common is written, read and held once. */
import type { Input, Instance, Json, Plan, Source } from './plan.ts';

export interface PlanTable {
  readonly plan: Omit<Plan, 'instances'>;
  readonly count: number;
  /** Distinct values of all fields of all instances; a field that an instance lacks is at position -1. */
  readonly values: readonly Json[];
  /** By field: positions in `values`, one an instance; a single number where all agree. */
  readonly columns: Readonly<Record<string, number | readonly number[]>>;
  readonly inputs: InputTable;
}

/** Inputs are most of a plan, and differ from instance to instance in little but a path or a number. */
interface InputTable {
  /** Distinct inputs, their paths and producers left out. */
  readonly shapes: readonly (readonly Input[])[];
  /** For one instance after the other: position of its shape, then what was left out of it. */
  readonly rows: readonly (number | string)[];
}

/** Fields of an instance that are not looked up in columns. */
const apart = ['index', 'inputs'];

export function toTable({ instances, ...plan }: Plan): PlanTable {
  const { values, positionOf } = distinctValues();
  const fields = new Set(instances.flatMap((instance) => Object.keys(instance)));
  for (const field of apart) fields.delete(field);
  const columns = Object.fromEntries(
    [...fields].map((field) => {
      const column = instances.map((instance) => positionOf((instance as unknown as Record<string, Json>)[field]));
      return [field, column.every((position) => position === column[0]) ? column[0]! : column];
    }),
  );
  return { plan, count: instances.length, values, columns, inputs: inputTable(instances) };
}

function distinctValues(): { values: readonly Json[]; positionOf(value: Json | undefined): number } {
  const positions = new Map<string, number>();
  const values: Json[] = [];
  return {
    values,
    positionOf(value) {
      if (value === undefined) return -1;
      const text = JSON.stringify(value);
      const known = positions.get(text);
      if (known !== undefined) return known;
      positions.set(text, values.length);
      return values.push(value) - 1;
    },
  };
}

function inputTable(instances: readonly Instance[]): InputTable {
  const { values, positionOf } = distinctValues();
  const rows = instances.flatMap(({ inputs }) => {
    const shape = inputs.map((input) => ({ ...input, sources: input.sources.map(emptied) }));
    return [positionOf(shape as unknown as Json), ...inputs.flatMap(({ sources }) => sources.flatMap(leftOut))];
  });
  return { shapes: values as unknown as readonly (readonly Input[])[], rows };
}

function emptied(source: Source): Source {
  switch (source.kind) {
    case 'path':
      return { ...source, path: '' };
    case 'output':
      return { ...source, instance: -1 };
    case 'value':
      return source;
  }
}

function leftOut(source: Source): readonly (number | string)[] {
  switch (source.kind) {
    case 'path':
      return [source.path];
    case 'output':
      return [source.instance];
    case 'value':
      return [];
  }
}

export function fromTable({ plan, count, values, columns, inputs }: PlanTable): Plan {
  const every: Record<string, unknown> = { index: -1 };
  const others: (readonly [field: string, column: readonly number[]])[] = [];
  for (const [field, column] of Object.entries(columns)) {
    if (typeof column === 'number') every[field] = values[column];
    else {
      // A copy that has its fields already is several times quicker to fill than one that gets them.
      if (!column.includes(-1)) every[field] = null;
      others.push([field, column]);
    }
  }
  every.inputs = null;
  let at = 0;
  const next = () => inputs.rows[at++]!;
  const instances = Array.from({ length: count }, (_, index) => {
    const instance = { ...every };
    instance.index = index;
    for (const [field, column] of others) if (column[index]! >= 0) instance[field] = values[column[index]!];
    instance.inputs = filledInputs(inputs.shapes[next() as number]!, next);
    return instance;
  });
  return { ...plan, instances: instances as unknown as Instance[] };
}

function filledInputs(shape: readonly Input[], next: () => number | string): readonly Input[] {
  return shape.map((input) => ({ ...input, sources: input.sources.map((source) => filled(source, next)) }));
}

function filled(source: Source, next: () => number | string): Source {
  switch (source.kind) {
    case 'path':
      return { ...source, path: next() as string };
    case 'output':
      return { ...source, instance: next() as number };
    case 'value':
      return source;
  }
}
