import type { Json } from '../workflow/json.ts';

export type Plain = string | number | boolean | null;

/** Numbers, texts and the like in a value, each with the path to it; a list of plain values counts as one, written as JSON. */
export function plainValues(value: Json, path = ''): (readonly [path: string, value: Plain])[] {
  if (typeof value !== 'object' || value === null) return [[path, value as Plain]];
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)) {
    return [[path, JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, below]) =>
    plainValues(below as Json, path === '' ? name : `${path}.${name}`),
  );
}
