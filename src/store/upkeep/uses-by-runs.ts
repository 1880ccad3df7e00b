import { readFileSync } from 'node:fs';
import type { Layout } from '../layout.ts';
import { namesIn } from '../remove.ts';
import type { Key } from '../result.ts';

/** A run, and the results that it read or made. */
export interface RunKeys {
  readonly run: string;
  readonly name?: string;
  /** ISO 8601. */
  readonly started: string;
  readonly keys: readonly Key[];
}

export interface Uses {
  /** Start of the latest run that read or made it, ISO 8601. */
  readonly lastUse: string;
  /** Ids, newest first. */
  readonly runs: readonly string[];
}

/** What runs note in `runs/RUN/run.json` and `runs/RUN/keys.ndjson`; newest run first. */
export function runKeys(layout: Layout): RunKeys[] {
  const runs = namesIn(layout.runs).flatMap((run) => {
    const facts = readJson(`${layout.runs}/${run}/run.json`) as { name?: string; started?: string } | undefined;
    if (facts?.started === undefined) return [];
    const { name, started } = facts;
    return [{ run, started, ...(name !== undefined && { name }), keys: keysOfRun(`${layout.runs}/${run}`) }];
  });
  return runs.sort((a, b) => (a.started < b.started ? 1 : a.started > b.started ? -1 : 0));
}

export function usesByRuns(layout: Layout): ReadonlyMap<Key, Uses> {
  const uses = new Map<Key, Uses & { runs: string[] }>();
  for (const { run, started, keys } of runKeys(layout)) {
    for (const key of new Set(keys)) {
      const known = uses.get(key);
      if (known === undefined) uses.set(key, { lastUse: started, runs: [run] });
      else known.runs.push(run);
    }
  }
  return uses;
}

/** Keys that the run of this folder read or made. `{"instance":…,"key":…}` a line; the last may be torn. */
export function keysOfRun(directory: string): Key[] {
  return readText(`${directory}/keys.ndjson`)
    .split('\n')
    .flatMap((line) => {
      const entry = parse(line) as { key?: string } | undefined;
      return entry?.key === undefined ? [] : [entry.key];
    });
}

function readJson(path: string): unknown {
  return parse(readText(path));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
