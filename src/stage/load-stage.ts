import { pathToFileURL } from 'node:url';
import { type Stage, StageError } from './define.ts';

/** The stage that a module exports as its default. The path is absolute. */
export async function loadStage(module: string): Promise<Stage> {
  const loaded: { readonly default?: Stage } = await import(pathToFileURL(module).href);
  if (typeof loaded.default?.run !== 'function') {
    throw new StageError(`${module} has no stage as its default export (see defineStage)`);
  }
  return loaded.default;
}
