/** A plan as a table, for the cache: what many instances have in common is written, read and held once. */
import type { Instance, Json, Plan } from './plan.ts';

export interface PlanTable {
  readonly plan: Omit<Plan, 'instances'>;
  readonly count: number;
  /** Distinct values of all fields of all instances; a field that an instance lacks is at position -1. */
  readonly values: readonly Json[];
  /** By field: positions in `values`, one an instance; a single number where all agree. */
  readonly columns: Readonly<Record<string, number | readonly number[]>>;
}

export function toTable({ instances, ...plan }: Plan): PlanTable {
  const positions = new Map<string, number>();
  const values: Json[] = [];
  const positionOf = (value: Json | undefined): number => {
    if (value === undefined) return -1;
    const text = JSON.stringify(value);
    const known = positions.get(text);
    if (known !== undefined) return known;
    positions.set(text, values.length);
    return values.push(value) - 1;
  };
  const fields = new Set(instances.flatMap((instance) => Object.keys(instance)));
  fields.delete('index');
  const columns = Object.fromEntries(
    [...fields].map((field) => {
      const column = instances.map((instance) => positionOf((instance as unknown as Record<string, Json>)[field]));
      return [field, column.every((position) => position === column[0]) ? column[0]! : column];
    }),
  );
  return { plan, count: instances.length, values, columns };
}

export function fromTable({ plan, count, values, columns }: PlanTable): Plan {
  const fields = Object.entries(columns);
  const instances: Record<string, unknown>[] = [];
  for (let index = 0; index < count; index++) instances.push({ index });
  for (const [field, column] of fields) {
    for (let index = 0; index < count; index++) {
      const position = typeof column === 'number' ? column : column[index]!;
      if (position >= 0) instances[index]![field] = values[position];
    }
  }
  return { ...plan, instances: instances as unknown as Instance[] };
}
