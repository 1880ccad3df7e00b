/** Says of each mistake in a configuration which key it is, and for an unknown key which one was meant. */
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';

export function mistakesIn(error: z.ZodError, schema: z.ZodType): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [`${path.join('.') || 'the configuration'}: ${issue.message}`];
    const known = keysAt(schema, path);
    return issue.keys.map((key) => `${[...path, key].join('.')}: there is no such key${hint(key, known)}`);
  });
}

function hint(key: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => distance(a, key) - distance(b, key))[0];
  if (nearest !== undefined && distance(nearest, key) <= Math.max(2, key.length / 3)) {
    return `; did you mean '${nearest}'?`;
  }
  return known.length > 0 && known.length <= 12 ? `; there are ${known.join(', ')}` : '';
}

/** Names of the keys that a map may have which lies at `path` of a configuration. */
function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let at: unknown = schema;
  for (const part of path) {
    const { shape, items } = definitionOf(at);
    at = shape?.[part] ?? items?.[Number(part)];
  }
  return Object.keys(definitionOf(at).shape ?? {});
}

interface Definition {
  readonly innerType?: unknown;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly items?: readonly unknown[];
}

/** What a schema is made of, without its defaults. */
function definitionOf(schema: unknown): Definition {
  const { def } = (schema ?? {}) as { def?: Definition };
  return def?.innerType === undefined ? (def ?? {}) : definitionOf(def.innerType);
}
