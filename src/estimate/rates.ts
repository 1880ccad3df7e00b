import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Rate } from '../stage/cost.ts';

const stored = z.object({
  format: z.literal(1),
  rates: z.record(z.string(), z.object({ value: z.number().positive(), unit: z.string(), measured: z.string() })),
});

export type MeasuredRates = z.output<typeof stored>['rates'];

/** A rate as a plan took it. */
export interface UsedRate {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** When it was measured on this machine; undefined for what is assumed, from `source`. */
  readonly measured: string | undefined;
  readonly source: string;
}

const fileIn = (cache: string) => join(cache, 'rates.json');

/** What `kumiki doctor --measure` noted in a cache folder; nothing if it never ran, or if the file is none of this format. */
export function readRates(cache: string): MeasuredRates {
  try {
    const { success, data } = stored.safeParse(JSON.parse(readFileSync(fileIn(cache), 'utf8')));
    return success ? data.rates : {};
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Adds to what is noted, the newer over the older. */
export function noteRates(cache: string, rates: MeasuredRates): void {
  mkdirSync(cache, { recursive: true });
  const scratch = `${fileIn(cache)}.${process.pid}`;
  writeFileSync(scratch, `${JSON.stringify({ format: 1, rates: { ...readRates(cache), ...rates } }, undefined, 2)}\n`);
  renameSync(scratch, fileIn(cache));
}

/** Looks rates up and remembers which ones were asked for. */
export function rateLookup(measured: MeasuredRates): {
  rate(rate: Rate): number;
  used(): readonly UsedRate[];
} {
  const used = new Map<string, UsedRate>();
  return {
    rate({ name, unit, assumed, source }) {
      const found = measured[name];
      const valid = found?.unit === unit ? found : undefined;
      const value = valid?.value ?? assumed;
      used.set(name, { name, unit, value, measured: valid?.measured, source });
      return value;
    },
    used: () => [...used.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
