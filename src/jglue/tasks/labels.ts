import { JglueError } from '../jglue-error.ts';
import type { SentenceExample } from './sentence-examples.ts';

/** The classes of a task: the sorted labels of its training examples, as run_glue.py numbers them. */
export function classesOf(train: readonly SentenceExample[]): string[] {
  const classes = [...new Set(train.map(({ label }) => String(label)))].sort(byCodePoint);
  if (classes.length < 2)
    throw new JglueError(`${train[0]!.place}: all training examples have the label '${classes[0]}'`);
  return classes;
}

/** The number that the model is to give for an example: a class's number, or the label itself. Undefined without a label. */
export function targetOf(
  { label, place }: SentenceExample,
  classes: readonly string[] | undefined,
): number | undefined {
  if (typeof label !== 'string' || classes === undefined) return label as number | undefined;
  const target = classes.indexOf(label);
  if (target < 0)
    throw new JglueError(
      `${place}: the label '${label}' does not occur in the training examples (${classes.join(', ')})`,
    );
  return target;
}

/** Python's order of strings. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
