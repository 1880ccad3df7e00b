import { hash } from 'node:crypto';
import type { InputRecord, Key } from './result.ts';

/**
 * Key of an instance's result: digest of its recipe and of the content of its inputs, by name.
 * The order in which inputs are listed does not count; the order of the sources of one input does.
 */
export function resultKey(recipe: string, inputs: readonly NamedDigests[]): Key {
  const sorted = inputs.length > 1 ? inputs.toSorted(byName) : inputs;
  let named = '';
  for (const input of sorted) named += named === '' ? asJson(input) : `,${asJson(input)}`;
  return hash('sha256', `[${quotedRecipe(recipe)},[${named}]]`);
}

type NamedDigests = Pick<InputRecord, 'name' | 'digests'>;

function byName(a: NamedDigests, b: NamedDigests): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** `["name","sha256:…",…]`. A digest needs no escapes, and a no-op writes 10,000 of these. */
function asJson({ name, digests }: NamedDigests): string {
  let json = `[${JSON.stringify(name)}`;
  for (const digest of digests) json += `,"${digest}"`;
  return `${json}]`;
}

let quoted = { recipe: '', json: '""' };

/** As JSON. The stages of a matrix, and many others, have their recipe in common: that of the last one is kept. */
function quotedRecipe(recipe: string): string {
  if (quoted.recipe !== recipe) quoted = { recipe, json: JSON.stringify(recipe) };
  return quoted.json;
}
