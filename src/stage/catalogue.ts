import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Stage } from './define.ts';
import { offerOwnPackages } from './own-packages.ts';

export interface LoadedStage {
  readonly stage: Stage;
  /** Absolute path of the module whose default export it is. */
  readonly file: string;
}

export type StageLoad = ({ readonly ok: true } & LoadedStage) | { readonly ok: false; readonly message: string };

export interface StageCatalogue {
  /** Of the built-in stages, sorted. */
  names(): readonly string[];
  /** Absolute path of a built-in stage's module, without loading it. */
  file(name: string): string;
  load(name: string): Promise<StageLoad>;
  /** A user's stage by the absolute path of its module; with another digest it is loaded anew. */
  loadModule(path: string, digest: string): Promise<StageLoad>;
}

/**
 * The stages in a directory of compiled modules: `NAME.js` exports the stage NAME as its default. Modules load once;
 * those beside them without a default export are what stages share.
 */
export function stageCatalogue(directory: string): StageCatalogue {
  const loads = new Map<string, Promise<StageLoad>>();
  let names: readonly string[] | undefined;
  const load = (path: string, query: string): Promise<StageLoad> => {
    const known = loads.get(path + query) ?? importStage(path, query);
    loads.set(path + query, known);
    return known;
  };
  const file = (name: string) => join(directory, `${name}.js`);
  return {
    names: () => {
      names ??= stageNames(directory);
      return names;
    },
    file,
    load: (name) => load(file(name), ''),
    loadModule(path, digest) {
      offerOwnPackages();
      return load(path, `?${digest}`);
    },
  };
}

function stageNames(directory: string): readonly string[] {
  try {
    const modules = readdirSync(directory).filter((name) => extname(name) === '.js');
    const stages = modules.filter((name) => /^export default /m.test(readFileSync(join(directory, name), 'utf8')));
    return stages.map((name) => basename(name, '.js')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function importStage(file: string, query: string): Promise<StageLoad> {
  try {
    const { default: stage } = (await import(pathToFileURL(file).href + query)) as { default?: unknown };
    const message = stage === undefined ? 'has no default export' : whyNoStage(stage);
    return message === undefined ? { ok: true, stage: stage as Stage, file } : { ok: false, message };
  } catch (error) {
    return { ok: false, message: `could not be loaded: ${error instanceof Error ? error.message : error}` };
  }
}

/** A module of a user may export anything. */
function whyNoStage(exported: unknown): string | undefined {
  if (typeof exported !== 'object' || exported === null) return 'exports no stage; use defineStage()';
  const { name, version, params, inputs, outputs, run } = exported as Partial<Record<keyof Stage, unknown>>;
  if (typeof name !== 'string' || typeof run !== 'function') return 'exports no stage; use defineStage()';
  if (typeof version !== 'number') return 'exports a stage without a version';
  if (typeof params !== 'object' || params === null || !('shape' in params))
    return 'exports a stage whose params are no z.object()';
  if (typeof inputs !== 'object' || typeof outputs !== 'object') return 'exports a stage without inputs or outputs';
  return undefined;
}
