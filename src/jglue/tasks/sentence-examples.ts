/** Examples of MARC-ja, JSTS, JNLI and JCommonsenseQA: one JSON object a line. */
import { JglueError } from '../jglue-error.ts';
import { type JsonRecord, type Located, readJsonLines } from './json-records.ts';
import { choiceCount, type Task, tasks } from './task.ts';

export interface SentenceExample {
  /** `FILE:LINE`, for messages. */
  readonly place: string;
  readonly id: string | number;
  /** The texts that the model sees together: one sentence, or a pair; of a choice, the question with each answer. */
  readonly texts: readonly (readonly [first: string, second: string | undefined])[];
  /** A class's name, a number, or the number of a choice; undefined where the file gives none. */
  readonly label: string | number | undefined;
}

export interface ReadOptions {
  /** Every example must have a label: for training and evaluation. */
  readonly labelled: boolean;
  /** The first so many only. */
  readonly limit?: number | undefined;
}

/** Throws `JglueError` naming file and line. */
export async function readSentenceExamples(path: string, task: Task, options: ReadOptions): Promise<SentenceExample[]> {
  const located = await readJsonLines(path);
  return located.slice(0, options.limit).map((each) => exampleOf(each, task, options.labelled));
}

function exampleOf({ place, record }: Located, task: Task, labelled: boolean): SentenceExample {
  const { id, first, second } = task.fields;
  const text = (field: string): string => {
    const value = record[field];
    if (typeof value === 'string') return value;
    throw new JglueError(`${place}: no text '${field}' in it${guessed(record, task)}`);
  };
  const texts =
    task.kind === 'choice'
      ? Array.from({ length: choiceCount }, (_, i) => [text(first), text(`choice${i}`)] as const)
      : [[text(first), second === undefined ? undefined : text(second)] as const];
  const label = labelOf(record, place, task);
  if (label === undefined && labelled) {
    throw new JglueError(`${place}: no label. Training and evaluation need one; give such a file as \`test\``);
  }
  const given = record[id];
  return {
    place,
    id: typeof given === 'string' || typeof given === 'number' ? given : place.split(':').at(-1)!,
    texts,
    label,
  };
}

function labelOf(record: JsonRecord, place: string, task: Task): string | number | undefined {
  const { label } = record;
  if (label === undefined || label === null) return undefined;
  if (task.kind === 'classification' && typeof label === 'string' && label !== '') return label;
  if (task.kind === 'regression' && Number.isFinite(label)) return label as number;
  if (task.kind === 'choice' && Number.isInteger(label) && (label as number) >= 0 && (label as number) < choiceCount) {
    return label as number;
  }
  const wanted = {
    classification: 'the name of a class',
    regression: 'a number',
    choice: `a whole number from 0 to ${choiceCount - 1}`,
    span: 'absent',
  }[task.kind];
  throw new JglueError(
    `${place}: the label of ${task.title} is ${wanted}, not ${typeof label === 'number' ? label : JSON.stringify(label)}${guessed(record, task)}`,
  );
}

/** Which task an example that does not fit looks like, as the end of a message. */
function guessed(record: JsonRecord, asked: Task): string {
  const { label } = record;
  const other = Object.values(tasks).find(({ kind, fields }) => {
    if (kind === 'span') return 'data' in record || 'paragraphs' in record;
    if (kind === 'choice') return 'choice0' in record;
    const isNumber = typeof label === 'number';
    return (
      fields.first in record &&
      (fields.second === undefined || fields.second in record) &&
      isNumber === (kind === 'regression')
    );
  });
  return other === undefined || other.name === asked.name
    ? `: is it a file of ${asked.title}?`
    : `: this is a file of ${other.title}, and the task is ${asked.name}`;
}
