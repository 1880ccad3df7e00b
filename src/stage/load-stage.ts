import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Stage, StageError } from './define.ts';
import { offerOwnPackages } from './own-packages.ts';

/** Of the compiled program, with its built-in stages. */
const ownFolder = fileURLToPath(new URL('../..', import.meta.url));

/** The stage that a module exports as its default. The path is absolute. */
export async function loadStage(module: string): Promise<Stage> {
  if (!module.startsWith(ownFolder)) offerOwnPackages();
  const loaded: { readonly default?: Stage } = await import(pathToFileURL(module).href);
  if (typeof loaded.default?.run !== 'function') {
    throw new StageError(`${module} has no stage as its default export (see defineStage)`);
  }
  return loaded.default;
}
