import type { Json } from '../../graph/plan.ts';
import { type Expression, parseTemplate } from '../../workflow/expressions/template.ts';
import { scanScript } from '../../workflow/script/scan.ts';
import type { Change } from './change.ts';

type JsonMap = { readonly [key: string]: Json };

/** What differs between two recipes: the script and what its expressions came to, parameters, environment, outputs, version. */
export function recipeChanges(before: Json, now: Json): Change[] {
  return valueChanges('', withNamedValues(before), withNamedValues(now));
}

/** What differs between two values, down to the members of maps. */
export function valueChanges(path: string, before: Json | undefined, now: Json | undefined): Change[] {
  if (isMap(before) && isMap(now)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return names.flatMap((name) => valueChanges(path === '' ? name : `${path}.${name}`, before[name], now[name]));
  }
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  return [{ kind: 'recipe', path, ...(before !== undefined && { before }), ...(now !== undefined && { now }) }];
}

export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A script's recipe lists what its expressions came to; people know them by their text. Paths are told of as inputs. */
function withNamedValues(recipe: Json): Json {
  if (!isMap(recipe) || typeof recipe.run !== 'string' || !Array.isArray(recipe.values)) return recipe;
  const { values, ...rest } = recipe;
  const names = expressionsIn(recipe.run);
  const named: [string, Json][] = values.flatMap((words: Json, at): [string, Json][] => {
    const texts = (Array.isArray(words) ? words : [words]).filter((word) => typeof word === 'string');
    const name = names[at];
    if (texts.length === 0 || name === undefined) return [];
    return [[name, texts.length === 1 ? texts[0]! : texts]];
  });
  return { ...rest, ...Object.fromEntries(named) };
}

/** The text of each expression that is filled in, in order; those in comments are not. */
function expressionsIn(script: string): readonly string[] {
  const expressions = parseTemplate(script).filter((part): part is Expression => typeof part !== 'string');
  const spans = expressions.map(({ outer: [start, end] }) => ({ start, end }));
  const filled = scanScript(script, spans).expressions.filter(({ within }) => within !== 'comment');
  return filled.map(({ start, end }) => script.slice(start + 3, end - 2).trim());
}
