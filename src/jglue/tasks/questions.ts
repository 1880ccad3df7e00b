/** Questions of JSQuAD: one JSON object in SQuAD's format, data → paragraphs → qas. */
import { z } from 'zod';
import { JglueError } from '../jglue-error.ts';
import { readJsonFile } from './json-records.ts';
import type { ReadOptions } from './sentence-examples.ts';

export interface Question {
  readonly id: string;
  readonly question: string;
  readonly context: string;
  /** Gold answers with the place of each in the context, in code points; none where the file gives none. */
  readonly answers: readonly { readonly text: string; readonly start: number }[];
  /** Where it stands, for messages. */
  readonly place: string;
}

const schema = z.object({
  data: z.array(
    z.object({
      paragraphs: z.array(
        z.object({
          context: z.string(),
          qas: z.array(
            z.object({
              id: z.string(),
              question: z.string(),
              answers: z.array(z.object({ text: z.string(), answer_start: z.int().min(0) })).optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** Throws `JglueError` naming file and question. */
export async function readQuestions(path: string, { labelled, limit }: ReadOptions): Promise<Question[]> {
  const record = await readJsonFile(path).catch((error: unknown) => {
    if (error instanceof JglueError) throw new JglueError(`${error.message}. Is it a file of JSQuAD?`);
    throw error;
  });
  const { success, data: parsed, error } = schema.safeParse(record);
  if (!success) {
    const [issue] = error.issues;
    throw new JglueError(`${path}: ${pathOf(issue!.path)}: ${issue!.message}: is it a file of JSQuAD?`);
  }
  const questions = parsed.data.flatMap(({ paragraphs }, i) =>
    paragraphs.flatMap(({ context, qas }, j) =>
      qas.map(({ id, question, answers = [] }, k): Question => {
        const place = `${path}: data[${i}].paragraphs[${j}].qas[${k}] (${id})`;
        return {
          id,
          question,
          context,
          answers: answers.map(({ text, answer_start: start }) => ({ text, start })),
          place,
        };
      }),
    ),
  );
  const taken = questions.slice(0, limit);
  if (taken.length === 0) throw new JglueError(`${path}: there are no questions in it`);
  for (const question of taken) check(question, labelled);
  return taken;
}

function check({ question, context, answers, place }: Question, labelled: boolean): void {
  if (question.trim() === '') throw new JglueError(`${place}: the question is empty`);
  if (context.trim() === '') throw new JglueError(`${place}: the context is empty`);
  if (!labelled) return;
  if (answers.length === 0)
    throw new JglueError(`${place}: no answers. Training and evaluation need one; give such a file as \`test\``);
  const length = Array.from(context).length;
  for (const { text, start } of answers) {
    if (text === '') throw new JglueError(`${place}: an answer is empty`);
    if (start >= length)
      throw new JglueError(`${place}: answer_start ${start} is behind the context's ${length} characters`);
  }
}

const pathOf = (path: readonly PropertyKey[]) =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('') ||
  'the file';
