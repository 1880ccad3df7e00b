import { resolve } from 'node:path';
import { storeLayout } from '../layout.ts';
import type { Key } from '../result.ts';
import { sizeOf } from '../size-of.ts';
import { storedManifests } from './stored-keys.ts';
import { type Uses, usesByRuns } from './uses-by-runs.ts';

export interface ListedResult extends Uses {
  readonly key: Key;
  readonly instance: string;
  readonly payload: 'present' | 'removed';
  /** Bytes of all outputs. */
  readonly size: number;
  readonly run: string;
  readonly started: string;
  readonly seconds: number;
  /** A rebuild once gave other bytes. */
  readonly irreproducible: boolean;
}

/** All results in a cache folder, also those whose payload was removed, newest first. */
export function listResults(directory: string): ListedResult[] {
  const layout = storeLayout(resolve(directory));
  const uses = usesByRuns(layout);
  const results = [...storedManifests(layout)].map(({ manifest, payload }): ListedResult => {
    const { key, instance, run, started, seconds, superseded } = manifest;
    const irreproducible = superseded !== undefined;
    const { lastUse, runs } = uses.get(key) ?? { lastUse: started, runs: [] };
    return { key, instance, payload, size: sizeOf(manifest), run, started, seconds, irreproducible, lastUse, runs };
  });
  return results.sort((a, b) => (a.started < b.started ? 1 : a.started > b.started ? -1 : 0));
}
