import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { mistakesIn } from '../../bert/config/mistakes.ts';
import { ModelError } from '../model-error.ts';

/** A JSON file of this shape. Throws `ModelError` that names the file and every key that is wrong. */
export async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new ModelError(`${path} is missing: a model directory has one`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${path} is not JSON: ${(error as Error).message}`);
  }
  return checked(value, schema, path);
}

/** A value of this shape; `source` is named in the error. */
export function checked<S extends z.ZodType>(value: unknown, schema: S, source: string): z.output<S> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const lines = mistakesIn(error, schema).map((mistake) => `  ${mistake}`);
  throw new ModelError(`${source} cannot be used:\n${lines.join('\n')}`);
}
