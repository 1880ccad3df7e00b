import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { JglueError } from '../jglue-error.ts';
import { taskNames } from '../tasks/task.ts';

// A metric that is not defined, such as a correlation with a constant, is null.
const scores = z.record(z.string(), z.number().nullable());

const schema = z.object({
  task: z.enum(taskNames),
  model: z.object({ name: z.string(), weights: z.string() }),
  learning_rate: z.number(),
  epochs: z.int(),
  batch_size: z.int(),
  seed: z.int(),
  train_examples: z.int(),
  dev: scores,
  test: scores.optional(),
});

/** One run of the stage `jglue`. */
export type Result = z.output<typeof schema>;

/** Throws `JglueError` naming the file. */
export async function readResult(path: string): Promise<Result> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new JglueError(`${path} is not JSON: ${(error as Error).message}`);
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new JglueError(
    `${path}: ${issue!.path.join('.') || 'the whole'}: ${issue!.message}: is it the metrics of the stage jglue?`,
  );
}
