import { hash } from 'node:crypto';
import type { InputRecord, Key } from './result.ts';

/**
 * Key of an instance's result: digest of its recipe and of the content of its inputs, by name.
 * The order in which inputs are listed does not count; the order of the sources of one input does.
 */
export function resultKey(recipe: string, inputs: readonly Pick<InputRecord, 'name' | 'digests'>[]): Key {
  const content = inputs.map(({ name, digests }) => [name, ...digests]);
  content.sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0));
  return hash('sha256', `[${quotedRecipe(recipe)},${JSON.stringify(content)}]`);
}

let quoted = { recipe: '', json: '""' };

/** As JSON. The stages of a matrix, and many others, have their recipe in common: that of the last one is kept. */
function quotedRecipe(recipe: string): string {
  if (quoted.recipe !== recipe) quoted = { recipe, json: JSON.stringify(recipe) };
  return quoted.json;
}
