import { data } from '@actions/expressions';
import type { Json } from '../json.ts';
import { ExpressionFault } from './fault.ts';
import { hasMark } from './path-marks.ts';

export type Data = data.ExpressionData;

/**
 * An object whose names are exact and whose members may be computed when they are asked for. The library's own
 * dictionary ignores case and loses names such as `constructor`.
 */
export class Members extends data.Dictionary {
  readonly names: () => readonly string[];
  readonly member: (name: string) => Data | undefined;
  /** The plain value, where there is one. */
  readonly json: Json | undefined;
  /** Says why this cannot stand as a value, where there is none. */
  readonly notValue: string;

  constructor(
    names: () => readonly string[],
    member: (name: string) => Data | undefined,
    value: { readonly json: Json } | { readonly notValue: string },
  ) {
    super();
    this.names = names;
    this.member = member;
    this.json = 'json' in value ? value.json : undefined;
    this.notValue = 'json' in value ? '' : value.notValue;
  }

  override get(name: string): Data | undefined {
    return this.member(name);
  }

  override pairs(): { key: string; value: Data }[] {
    return this.names().map((key) => ({ key, value: this.member(key)! }));
  }

  override values(): Data[] {
    return this.pairs().map(({ value }) => value);
  }
}

type JsonObject = { readonly [key: string]: Json };

const dataOf = new WeakMap<object, Data>();
const jsonOf = new WeakMap<Data, Json>();

export function toData(json: Json): Data {
  if (json === null) return new data.Null();
  if (typeof json === 'string') return new data.StringData(json);
  if (typeof json === 'number') return new data.NumberData(json);
  if (typeof json === 'boolean') return new data.BooleanData(json);
  const known = dataOf.get(json);
  if (known) return known;
  const made = Array.isArray(json) ? listData(json.map(toData)) : objectData(json as JsonObject);
  dataOf.set(json, made);
  jsonOf.set(made, json);
  return made;
}

export function listData(items: readonly Data[]): data.Array {
  const list = new data.Array();
  for (const item of items) list.add(item);
  return list;
}

function objectData(json: JsonObject): Members {
  const member = (name: string) => (Object.hasOwn(json, name) ? toData(json[name]!) : undefined);
  return new Members(() => Object.keys(json), member, { json });
}

/** The plain value. Faults for what is none, such as a stage. */
export function fromData(value: Data): Json {
  switch (value.kind) {
    case data.Kind.Null:
      return null;
    case data.Kind.Array:
      return jsonOf.get(value) ?? (value as data.Array).values().map(fromData);
    case data.Kind.Dictionary: {
      if (!(value instanceof Members)) throw new Error('an object that the library made');
      if (value.json === undefined) throw new ExpressionFault(value.notValue);
      return value.json;
    }
    default:
      return (value as data.StringData | data.NumberData | data.BooleanData).value;
  }
}

/** As part of a text: null is nothing; a list or an object has no one way to be written. */
export function toText(value: Json): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  const what = Array.isArray(value) ? 'a list' : 'an object';
  const isJoin = Array.isArray(value) && value.some((item) => typeof item === 'string' && hasMark(item));
  const hint = isJoin
    ? "these are the outputs of several instances; choose one: pick(stages.name, 'axis', value)"
    : 'write it with join(…) or toJSON(…)';
  throw new ExpressionFault(`${what} cannot be part of a text`, hint);
}
