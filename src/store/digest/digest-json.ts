import type { Json } from '../../graph/plan.ts';
import type { Digest } from '../result.ts';
import { digestBytes } from './digest-bytes.ts';

/** JSON without white space, the keys of every object sorted by code units: equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key]!)}`);
  return `{${members.join(',')}}`;
}

/** Digest of a value, whatever the order of its keys. */
export function digestJson(value: Json): Digest {
  return digestBytes(canonicalJson(value));
}
