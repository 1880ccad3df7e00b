import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findRun } from '../../run/folder/list-runs.ts';
import type { StageCatalogue } from '../../stage/catalogue.ts';
import type { OutputDeclaration } from '../../stage/define.ts';
import type { Key, Manifest } from '../../store/result.ts';
import type { Store } from '../../store/store.ts';
import type { Json } from '../../workflow/json.ts';
import type { Curve } from './curve.ts';
import { type RunHistory, readHistory } from './run-history.ts';

/** What a run did, and what there is to say of the results that it made or found. */
export interface RunReport extends RunHistory {
  readonly stages: readonly StageReport[];
  /** The workflow as it ran, merged with what it extends and with what the command line changed; undefined where it was not kept. */
  readonly workflow: Json | undefined;
}

export interface StageReport {
  readonly stage: string;
  readonly instances: readonly InstanceReport[];
}

export interface InstanceReport {
  readonly id: string;
  readonly manifest: Manifest | undefined;
  /** Of this run, or of the run that made the result. */
  readonly curves: ReadonlyMap<string, Curve>;
  readonly shown: readonly ShownOutput[];
}

/** An output that its stage declares worth reading. */
export interface ShownOutput {
  readonly output: string;
  readonly as: NonNullable<OutputDeclaration['shown']>;
  readonly text: string;
}

/** A longer text is no summary. */
const longestShown = 256 * 1024;

export async function gatherReport(history: RunHistory, store: Store, catalogue: StageCatalogue): Promise<RunReport> {
  const earlier = earlierHistories(store);
  const stages: StageReport[] = [];
  for (const { stage, instances } of history.state.groups) {
    const reports: InstanceReport[] = [];
    for (const { id } of instances) {
      const key = history.keys.get(id);
      const manifest = key === undefined ? undefined : store.manifest(key);
      reports.push({
        id,
        manifest,
        curves: history.curves.get(id) ?? (manifest && (await earlier(manifest))) ?? new Map(),
        shown: manifest ? await shownOutputs(manifest, store, catalogue) : [],
      });
    }
    stages.push({ stage, instances: reports });
  }
  return { ...history, stages, workflow: readMergedWorkflow(history.run.directory) };
}

/** The curves of a result that another run made, while that run's folder is there; each is read once. */
function earlierHistories(store: Store): (manifest: Manifest) => Promise<ReadonlyMap<string, Curve> | undefined> {
  const histories = new Map<string, Promise<RunHistory | undefined>>();
  return async ({ run, instance, metrics }) => {
    if (Object.keys(metrics).length === 0) return undefined;
    const record = findRun(store.directory, run);
    const known = histories.get(run) ?? (record ? readHistory(record) : Promise.resolve(undefined));
    histories.set(run, known);
    return (await known)?.curves.get(instance);
  };
}

async function shownOutputs(manifest: Manifest, store: Store, catalogue: StageCatalogue): Promise<ShownOutput[]> {
  const name = stageOf(manifest.recipe);
  if (name === undefined || !catalogue.names().includes(name)) return [];
  const load = await catalogue.load(name);
  if (!load.ok) return [];
  return Object.entries(load.stage.outputs).flatMap(([output, { shown, kind }]) => {
    if (shown === undefined || kind !== 'file' || !(output in manifest.outputs)) return [];
    const text = readShown(store, manifest.key, output);
    return text === undefined ? [] : [{ output, as: shown, text }];
  });
}

function stageOf(recipe: Json): string | undefined {
  const uses = typeof recipe === 'object' && recipe !== null && 'uses' in recipe ? recipe.uses : undefined;
  return typeof uses === 'string' ? uses : undefined;
}

/** Undefined once the payload was removed. */
function readShown(store: Store, key: Key, output: string): string | undefined {
  const path = store.outputPath(key, output);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  return size === undefined || size > longestShown ? undefined : readFileSync(path, 'utf8');
}

function readMergedWorkflow(directory: string): Json | undefined {
  const path = join(directory, 'workflow.json');
  return statSync(path, { throwIfNoEntry: false }) && (JSON.parse(readFileSync(path, 'utf8')) as Json);
}
