import type { InstanceFinished } from '../../run/events.ts';

type Irreproducible = NonNullable<InstanceFinished['irreproducible']>[number];

/** What a rebuild that gave other bytes is told of with. */
export function irreproducibleText({ output, before, now }: Irreproducible): string {
  return `not reproducible: ${output} was ${before}, is now ${now}`;
}
