/** A question with the stretches of its context that fit the model: overlapping windows, `stride` tokens apart. */
import { JglueError } from '../jglue-error.ts';
import type { Question } from '../tasks/questions.ts';
import { answerSpan, type Span } from './answer-span.ts';
import { type Document, readDocument } from './document.ts';
import { joined, type Sequence } from './sequence.ts';
import type { TextEncoder } from './text-encoder.ts';

export interface WindowOptions {
  readonly maxSequenceLength: number;
  /** Tokens from the beginning of a window to that of the next, and the most that are kept of a question. */
  readonly stride: number;
  readonly maxQuestionLength: number;
}

/** run_squad.py's defaults. */
export const squadWindows: Omit<WindowOptions, 'maxSequenceLength'> = { stride: 128, maxQuestionLength: 64 };

export interface Window {
  /** Number of the question among those that have windows. */
  readonly question: number;
  readonly sequence: Sequence;
  /** Where the window's tokens begin in the sequence and in the document, and how many there are. */
  readonly offset: number;
  readonly documentStart: number;
  readonly length: number;
  /** Places in the sequence, both included; 0, [CLS], for a window without the answer. */
  readonly start: number;
  readonly end: number;
  /** Whether the window's i-th token has more context in no other window: only there may an answer begin. */
  hasMostContext(token: number): boolean;
}

export interface QuestionWindows {
  readonly question: Question;
  readonly document: Document;
  readonly windows: readonly Window[];
}

/** Windows of all questions. With `training`, each has the place of the first gold answer, and questions without it are left out. */
export function questionWindows(
  questions: readonly Question[],
  encoder: TextEncoder,
  options: WindowOptions,
  training: boolean,
): { readonly kept: readonly QuestionWindows[]; readonly skipped: readonly Question[] } {
  const kept: QuestionWindows[] = [];
  const skipped: Question[] = [];
  let document: Document | undefined;
  let context: string | undefined;
  for (const question of questions) {
    // Questions of one paragraph follow each other.
    if (document === undefined || question.context !== context) document = readDocument(question.context, encoder);
    context = question.context;
    const answer = training ? answerSpan(document, question.answers[0]!, encoder) : undefined;
    if (training && answer === undefined) skipped.push(question);
    else
      kept.push({ question, document, windows: windowsOf(question, document, answer, kept.length, encoder, options) });
  }
  return { kept, skipped };
}

function windowsOf(
  { question, place }: Question,
  { ids }: Document,
  answer: Span | undefined,
  number: number,
  encoder: TextEncoder,
  { maxSequenceLength, stride, maxQuestionLength }: WindowOptions,
): Window[] {
  const asked = encoder.encode(question).slice(0, maxQuestionLength);
  if (asked.length === 0) throw new JglueError(`${place}: the question has no tokens`);
  if (ids.length === 0) throw new JglueError(`${place}: the context has no tokens`);
  const room = maxSequenceLength - asked.length - 3;
  if (room < 1)
    throw new JglueError(
      `${place}: a question of ${asked.length} tokens leaves no room in max_seq_length ${maxSequenceLength}`,
    );
  const starts = windowStarts(ids.length, room, stride);
  const spans = starts.map((start) => ({ start, length: Math.min(ids.length - start, room) }));
  const offset = asked.length + 2;
  return spans.map(({ start, length }, i) => {
    const isInside = answer !== undefined && answer.start >= start && answer.end < start + length;
    return {
      question: number,
      sequence: joined(encoder, asked, ids.slice(start, start + length)),
      offset,
      documentStart: start,
      length,
      start: isInside ? answer.start - start + offset : 0,
      end: isInside ? answer.end - start + offset : 0,
      hasMostContext: (token) => bestWindow(spans, start + token) === i,
    };
  });
}

/** The last window is the first that reaches the document's end. */
function windowStarts(tokens: number, room: number, stride: number): number[] {
  const starts = [0];
  while (starts.at(-1)! + room < tokens && starts.at(-1)! + stride < tokens) starts.push(starts.at(-1)! + stride);
  return starts;
}

/** The window in which a token has the most context on its poorer side; a longer window wins by a hundredth of a token for each of its tokens. */
function bestWindow(spans: readonly { readonly start: number; readonly length: number }[], token: number): number {
  let [best, bestScore] = [-1, Number.NEGATIVE_INFINITY];
  for (const [i, { start, length }] of spans.entries()) {
    const end = start + length - 1;
    if (token < start || token > end) continue;
    const score = Math.min(token - start, end - token) + 0.01 * length;
    if (score > bestScore) [best, bestScore] = [i, score];
  }
  return best;
}
