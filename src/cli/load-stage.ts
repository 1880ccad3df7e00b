import { resolve } from 'node:path';
import type { Stage } from '../stage/define.ts';
import { builtinStages } from './builtin-stages.ts';
import { RequestError } from './request-error.ts';

/** A built-in stage by its name, or a user's by the path of its module. */
export async function loadStage(name: string): Promise<Stage> {
  const isModule = /[./]/.test(name);
  if (!isModule && !builtinStages.names().includes(name)) {
    const { didYouMean } = await import('../workflow/nearest.ts');
    const hint = didYouMean(name, builtinStages.names()) ?? '`kumiki stages` lists them';
    throw new RequestError(`there is no built-in stage ${name}: ${hint}`);
  }
  const loaded = await (isModule ? builtinStages.loadModule(resolve(name), '') : builtinStages.load(name));
  if (!loaded.ok) throw new RequestError(`${name} ${loaded.message}`);
  return loaded.stage;
}
